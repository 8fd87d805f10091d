import { HttpException } from '@nestjs/common';

import { randomUUID } from 'node:crypto';

/** Root of the links in error bodies, as the platform writes them. */
const DOCUMENTATION = 'http://maestrano.github.io/connec/';

/** Titles of the documented errors (protocol §9.10); the code is made from the title. */
export const CONNEC_TITLES = {
  unknownResource: 'Unknown Resource',
  unauthorized: 'Unauthorized Access',
  notFound: 'Resource not found',
  creationWithId: 'Creation of resource with id',
  internal: 'Internal Server Error',
} as const;

function parameterize(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/\d+/g, '')
    .replaceAll(/[^a-z]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}

/** How an error is reported. */
export interface ConnecApiDetail {
  readonly detail?: string;
  /** Anchor in the documentation, such as `people-people-list-post`; null leaves the link out. */
  readonly anchor?: string | null;
  /** Status text in the body, where it differs from the response's status. */
  readonly bodyStatus?: string;
}

/** An error of Connec! with its body (protocol §9.10). */
export class ConnecApiException extends HttpException {
  constructor(status: number, title: string, { detail, anchor, bodyStatus }: ConnecApiDetail = {}) {
    const error = {
      id: randomUUID(),
      href: anchor ? `${DOCUMENTATION}#${anchor}` : null,
      status: bodyStatus ?? String(status),
      code: parameterize(title),
      title,
      detail: detail ?? title,
    };
    super({ errors: [error] }, status);
  }
}
