import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { headerOf, invalidHeader, type RequestHeaders } from './request-headers.ts';

const TAG = /^"(\d{1,15})"$/;

/**
 * The revision of If-Match; `undefined` when the header is absent or `*`. Throws PRECONDITION_MISSING when it is needed and
 * absent, and REQUEST_INVALID for what is no strong tag of one revision.
 */
export function readIfMatch(headers: RequestHeaders, isNeeded: boolean): number | undefined {
  const given = headerOf(headers, 'if-match');
  if (given === undefined || given === '') {
    if (!isNeeded) return undefined;
    throw new ProxywatchError('PRECONDITION_MISSING', 'this needs If-Match with the ETag of the resource, or *');
  }
  if (given === '*') return undefined;
  if (given.startsWith('W/')) throw invalidHeader('if-match', 'a weak tag matches nothing here');
  const revision = TAG.exec(given)?.[1];
  if (revision === undefined) throw invalidHeader('if-match', 'expected the ETag of the resource, as "3", or *');
  return Number(revision);
}

/** Throws STALE unless the caller knew this revision. */
export function requireRevision(ifMatch: number | undefined, revision: number): void {
  if (ifMatch === undefined || ifMatch === revision) return;
  throw new ProxywatchError('STALE', `the resource has revision ${revision} by now, If-Match said ${ifMatch}`);
}

/** Whether the caller has this very answer already. */
export function isNotModified(headers: RequestHeaders, etag: string | undefined): boolean {
  const given = headers['if-none-match']?.join(',');
  if (etag === undefined || given === undefined) return false;
  const tags = given.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}
