import childProcess from 'node:child_process';

import { TestEnvironment } from 'jest-environment-node';

import { CanaryRecorder } from './canary/recorder.mjs';
import { watch } from './canary/watch-points.mjs';
import { countWorkers, leftOpen, openHandles } from './open-handles.mjs';

const STREAMS = ['stdout', 'stderr'];
/** Names of environment variables that hold secrets. */
const SECRET_VARIABLE = /^[^=]*(?:SECRET|PASSWORD|TOKEN|API_KEY)=(.*)$/s;

/** The recorder of the test file that runs in this process; there is one at a time. */
let current = null;
let hooked = false;

/**
 * Node's environment, which fails a test file when a secret of the product was in its output, or when it leaves
 * something open that keeps the process alive (CONTRIBUTING.md).
 */
export default class SearchedEnvironment extends TestEnvironment {
  #canary = new CanaryRecorder();
  #writes = new Map();
  #before = new Map();
  #failed = [];

  constructor(config, context) {
    super(config, context);
    const canary = this.#canary;
    this.global.__canary = Object.assign(canary, {
      watch: (file, name, original) => watch(canary, file, name, original),
    });
    const { moduleMocker } = this;
    const spyOn = moduleMocker.spyOn.bind(moduleMocker);
    // A spy on the logger takes the recording method's place, and often says nothing on.
    moduleMocker.spyOn = (object, method, ...rest) => {
      const spy = spyOn(object, method, ...rest);
      if (canary.isLogger(object, method)) object[method] = canary.recording('log record', spy);
      return spy;
    };
  }

  async setup() {
    await super.setup();
    this.#before = openHandles();
    current = this.#canary;
    if (!hooked) {
      hookChildren();
      countWorkers();
    }
    hooked = true;
    for (const name of STREAMS) {
      this.#writes.set(name, process[name].write);
      process[name].write = current.recording(name, process[name].write);
    }
    // Jest keeps console lines until the file is over, or writes them at once. A wrapper around its methods would be
    // named as the place they come from.
    const { console } = this.global;
    let read = 0;
    current.pending = () => {
      const lines = (console.getBuffer?.() ?? []).slice(read);
      read += lines.length;
      return lines.map(({ message }) => message);
    };
  }

  /** A complaint of ours takes the place of the file's results, so it has to tell of these too. */
  handleTestEvent({ name, test }) {
    if (name === 'test_done' && test.errors.length > 0)
      this.#failed.push(`${test.parent.name} ${test.name}: ${test.errors.map(textOf).join('\n')}`);
  }

  async teardown() {
    const left = await leftOpen(this.#before);
    for (const [name, write] of this.#writes) process[name].write = write;
    const hits = this.#canary.takeHits();
    current = null;
    await super.teardown();
    const complaints = [];
    if (hits.length > 0) {
      const shown = [...new Set(hits)].slice(0, 10).join('\n\n');
      complaints.push(`Canary: ${hits.length} secrets in the output of this test file.\n\n${shown}\n`);
    }
    if (left.length > 0)
      complaints.push(`Left open by this test file: ${left.join(', ')}. --detectOpenHandles tells where.`);
    if (complaints.length > 0) throw new Error([...complaints, ...this.#failed].join('\n'));
  }
}

/** A failure of a test, which circus keeps with the place of the call where it was not an error. */
function textOf(failure) {
  const error = Array.isArray(failure) ? (failure[0] ?? failure[1]) : failure;
  return error?.stack ?? String(error);
}

/** Reads along what child processes write, and learns the secrets that they are given. */
function hookChildren() {
  const { ChildProcess, execFileSync, spawnSync } = childProcess;
  const { spawn } = ChildProcess.prototype;
  ChildProcess.prototype.spawn = function spawnRecorded(options) {
    for (const pair of options.envPairs ?? []) current?.learn('variable', SECRET_VARIABLE.exec(pair)?.[1]);
    const wanted = streamsOf(options.stdio);
    const piped = wanted.map((one, fd) => (isHidden(one) && (fd === 1 || fd === 2) ? 'pipe' : one));
    const result = Reflect.apply(spawn, this, [{ ...options, stdio: piped }]);
    for (const [index, name] of STREAMS.entries()) {
      const stream = this[name];
      if (!stream) continue;
      const { push } = stream;
      const recorder = current;
      stream.push = function pushRecorded(chunk, ...rest) {
        if (chunk !== null) recorder?.output(`${name} of a child process`, chunk);
        return Reflect.apply(push, this, [chunk, ...rest]);
      };
      const asked = wanted[index + 1];
      // What was not piped is nobody's to read, but must not stop the child.
      if (isHidden(asked))
        stream.on('data', (chunk) => asked === 'ignore' || process[name].write(chunk)).unref?.();
    }
    return result;
  };
  childProcess.spawnSync = (...values) => recordedSync(spawnSync(...values));
  childProcess.execFileSync = (...values) => {
    try {
      const stdout = execFileSync(...values);
      current?.output('stdout of a child process', stdout ?? '');
      return stdout;
    } catch (error) {
      throw recordedSync(error);
    }
  };
}

function streamsOf(stdio) {
  if (stdio === undefined || typeof stdio === 'string') return Array(3).fill(stdio ?? 'pipe');
  return stdio;
}

/** Streams that neither the test nor its standard streams would show. */
function isHidden(stream) {
  return stream === 'inherit' || stream === 'ignore' || stream === 1 || stream === 2;
}

function recordedSync(result) {
  for (const name of STREAMS) current?.output(`${name} of a child process`, result[name] ?? '');
  return result;
}
