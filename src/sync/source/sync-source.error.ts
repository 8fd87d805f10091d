/** A source throws it for a record that it does not accept: the record is quarantined, and not sent again as it is. */
export class SyncRejected extends Error {
  constructor(
    /** Why, without values of the record: it is kept and shown. */
    readonly reason: string,
    /** Property that it is about. */
    readonly field?: string,
  ) {
    super(reason);
    this.name = 'SyncRejected';
  }
}

/**
 * A source throws it where it can do nothing before some time is over: too many requests, say. From a write, nothing was
 * written, and the record waits. From `changes`, `get` or `find`, the run of the customer ends where it is, and the next one
 * begins no earlier; no record counts it as a failure of its own.
 */
export class SyncRetry extends Error {
  constructor(
    /** Milliseconds until the record is looked at again, or the customer is run again; a day at most. */
    readonly afterMs: number,
  ) {
    super(`Not before ${afterMs} ms are over.`);
    this.name = 'SyncRetry';
  }
}

/** A write throws it where the record has another version than the one that it was decided for: nothing was written. */
export class SyncStale extends Error {
  constructor() {
    super('The record has another version.');
    this.name = 'SyncStale';
  }
}

/** A write throws it where the record is not there any more: nothing was written. */
export class SyncNotFound extends Error {
  constructor() {
    super('The record is not there any more.');
    this.name = 'SyncNotFound';
  }
}

/** `changes` throws it where it does not know any more what changed behind the cursor: everything is listed then. */
export class SyncCursorExpired extends Error {
  constructor() {
    super('The cursor has expired.');
    this.name = 'SyncCursorExpired';
  }
}
