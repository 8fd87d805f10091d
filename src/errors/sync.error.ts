import { type ErrorTable, MaestranoError, type MaestranoErrorFacts } from './maestrano.error.js';

/** Codes of {@link MaestranoSyncError}, with their meaning. */
export const SYNC_ERROR_CODES = {
  'sync.declaration': {
    meaning: 'An entity cannot be synchronized as it is declared.',
    remedy: 'Correct the declaration given to syncEntity().',
  },
  'sync.store': {
    meaning: 'The store of the synchronization cannot be used as it is.',
  },
  'sync.leaseLost': {
    meaning: 'Another instance took over the synchronization of the group.',
    httpStatus: 409,
  },
  'sync.duplicateLink': {
    meaning: 'Two links would hold the same record.',
  },
  'sync.sideAway': {
    meaning:
      'One of the two sides cannot be reached; the position is kept, and the next run goes on from it.',
    httpStatus: 503,
  },
  'sync.mapping': {
    meaning: 'A value cannot be converted for the other side.',
    remedy: 'Correct the conversion of the field, then call quarantine.retry().',
  },
  'sync.rejectedByConnec': {
    meaning: 'Connec! rejects the record.',
    remedy:
      'Correct the record, which sends it again by itself, or the mapping, and then call quarantine.retry().',
  },
  'sync.rejectedByApp': {
    meaning: 'The application rejects the record.',
    remedy:
      'Correct the record, which sends it again by itself, or the mapping, and then call quarantine.retry().',
  },
  'sync.reference': {
    meaning: 'The record waits for another one that it refers to.',
  },
  'sync.conflict': {
    meaning: 'Both sides changed a field whose rule is to ask.',
    remedy: 'Decide with conflicts.resolve().',
  },
  'sync.ambiguousMatch': {
    meaning: 'Several records could be the same; none of them is created or written.',
    remedy: 'Decide with matches.confirm() or matches.reject().',
  },
  'sync.stolenMatch': {
    meaning: 'Connec! answered a create with a record that belongs to another link.',
  },
  'sync.merged': {
    meaning: 'Connec! merged the record into another one.',
    remedy: 'Decide with merges.accept() or merges.split().',
  },
  'sync.vanished': {
    meaning: 'Connec! does not find the record any more.',
  },
  'sync.absent': {
    meaning: 'The application does not find the record any more; two complete lists have yet to confirm it.',
  },
  'sync.restored': {
    meaning: 'One side was restored from a backup: the entity stops in both directions.',
    remedy: 'Choose with restored(): the other side is right, the restored side is right, or field by field.',
    httpStatus: 409,
  },
  'sync.massChange': {
    meaning: 'More records would be overwritten or deleted than the brake allows.',
    remedy: 'Look at plan(), then call confirm().',
    httpStatus: 409,
  },
  'sync.disabled': {
    meaning: 'The synchronization of the group is switched off.',
    remedy: 'Switch it on with toggle().',
    httpStatus: 409,
  },
  'sync.busy': {
    meaning: 'A run of the group is under way, and an operation has to wait for its end.',
    remedy: 'Try again once it has ended; status() says so.',
    httpStatus: 409,
  },
  'sync.operation': {
    meaning: 'The record or entity is not in the state that the operation is for.',
    httpStatus: 409,
  },
  'sync.unknownGroup': {
    meaning: 'Nothing is known of the group: it was never run, or it was forgotten.',
    remedy: 'Check its marketplace and id; a first run is asked for by run() or start().',
    httpStatus: 404,
  },
  'sync.undecided': {
    meaning: 'The outcome of the writes of the record stayed unknown, time after time.',
    remedy: 'Look at what the source throws for it, then call quarantine.retry().',
  },
  'sync.undecidedCreate': {
    meaning: 'Nobody knows whether the application created the record: its source keeps no key.',
    remedy: 'Look for it, then call adopt() where it is there, or quarantine.retry() where it is not.',
  },
  'sync.olderDeclaration': {
    meaning: 'A newer version of the declaration has worked on the group; this process leaves it alone.',
    remedy: 'Finish the deployment, or raise `version` of the entity.',
    httpStatus: 409,
  },
  'sync.mappingChanged': {
    meaning: 'A field is mapped otherwise than before; nothing was written because of that.',
    remedy: 'Look at the effect, then call remap() where the records are to be written anew.',
  },
  'sync.roundTrip': {
    meaning: 'A side keeps a field in another form than it was sent in.',
    remedy: 'Declare `equal` for the field, or send it in that form.',
  },
  'sync.erased': {
    meaning:
      'The record was erased on request of a person; digests of its ids are left, so that it does not come back.',
  },
  'sync.changesOrder': {
    meaning:
      'The source lists changes twice on a page, or not in the order of their versions. Nothing is lost by it.',
    remedy: 'Have `changes` return each record once, oldest first.',
  },
  'sync.ignored': { meaning: 'An operator said that the record is to be left alone.' },
} as const satisfies ErrorTable;

/** One of {@link SYNC_ERROR_CODES}. */
export type SyncErrorCode = keyof typeof SYNC_ERROR_CODES;

/** What is known of the work that failed. */
export interface SyncErrorFacts extends MaestranoErrorFacts {
  readonly group?: string | undefined;
  readonly entity?: string | undefined;
  /** Fields that it is about. */
  readonly fields?: readonly string[] | undefined;
}

/** Everything that goes wrong in the synchronization engine. Never holds values of records. */
export class MaestranoSyncError extends MaestranoError {
  declare readonly code: SyncErrorCode;
  /** The customer group the work was for. */
  readonly group: string | null;
  readonly entity: string | null;
  readonly fields: readonly string[];

  constructor(code: SyncErrorCode, facts: SyncErrorFacts = {}) {
    super(SYNC_ERROR_CODES[code], code, facts);
    this.group = facts.group ?? null;
    this.entity = facts.entity ?? null;
    this.fields = facts.fields ?? [];
  }
}
