import { HttpException, StreamableFile } from '@nestjs/common';

import type { MaestranoError } from '../errors/maestrano.error.js';
import { messagePage } from '../views/message-page.js';
import { ENGLISH, type PersonWords } from './person-pages.service.js';

/** The response to a program. */
interface Facts {
  readonly statusCode: number;
  readonly error: string;
  readonly code: string;
}

/**
 * Whether somebody is signed in cannot be found out for the moment: a page with that, in place of the page that was
 * asked for. An `HttpException`, so that the application's exception filters see it; Nest's own sends the page, and one
 * that writes JSON writes status and code.
 */
export class MaestranoUnavailableException extends HttpException {
  /** Such as `store.unavailable`. */
  readonly code: string;

  /** @param words the texts in the reader's language; the English ones by default. */
  constructor(cause: MaestranoError, words: PersonWords = ENGLISH) {
    const { code, httpStatus: statusCode } = cause;
    const facts: Facts = { statusCode, error: 'The request could not be completed.', code };
    super(new PageBody(facts, words), statusCode, { cause });
    this.code = code;
  }
}

/** The one kind of body that Nest sends with a media type of its own, on both HTTP adapters. */
class PageBody extends StreamableFile {
  constructor(
    private readonly facts: Facts,
    words: PersonWords,
  ) {
    super(Buffer.from(pageOf(facts, words)), { type: 'text/html; charset=utf-8' });
    // Whoever copies or writes out the body of an exception gets what the exception says, and no stream.
    for (const name of Object.keys(this)) Object.defineProperty(this, name, { enumerable: false });
    Object.assign(this, facts);
  }

  toJSON(): Facts {
    return this.facts;
  }
}

function pageOf({ code }: Facts, { language, say }: PersonWords): string {
  return messagePage({
    language,
    glyph: 'info',
    title: say('pageUnavailableTitle'),
    text: say('pageUnavailableText'),
    actions: [[say('tryAgain'), '']],
    support: [say('reason'), code],
  });
}
