import type { Redis } from 'ioredis';

/** What was sent to Redis while some work was done. */
export interface RoundTrips {
  /** Names of the commands, in their order. */
  readonly commands: readonly string[];
  /** Commands that were under way at the same time count as one. */
  readonly count: number;
}

/** Counts what the work sends over a connection. */
export async function countRoundTrips(redis: Redis, work: () => Promise<void>): Promise<RoundTrips> {
  await redis.ping();
  const commands: string[] = [];
  let count = 0;
  let underWay = 0;
  const { sendCommand } = redis;
  redis.sendCommand = function counting(...[command, stream]: Parameters<Redis['sendCommand']>) {
    commands.push(command.name);
    if (underWay === 0) count += 1;
    underWay += 1;
    const over = (): void => void (underWay -= 1);
    void command.promise.then(over, over);
    return sendCommand.call(redis, command, stream);
  };
  try {
    await work();
  } finally {
    redis.sendCommand = sendCommand;
  }
  return { commands, count };
}
