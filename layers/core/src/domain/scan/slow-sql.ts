import type { QueryEvent } from '../processlist.ts';
import { eventIdOf } from './event-id.ts';
import { cutText, maskedText } from './mask-literals.ts';
import type { SlowSqlRecord } from './scan-record.ts';
import { MAX_TEXT_CHARACTERS, type Sighting } from './sightings.ts';
import type { SlowDigest } from './slow-digests.ts';

/** Texts of digests are read up to here. */
const DIGEST_TEXT_CHARACTERS = 512;

export interface SlowSqlScope {
  readonly proxy: string;
  readonly namespace: string;
  readonly observedAtMs: number;
  readonly showLiterals: boolean;
}

/** An execution that the proxy recorded. Its clock may be behind ours by `aheadMs`. */
export function eventRecordOf(event: QueryEvent, aheadMs: number, scope: SlowSqlScope): SlowSqlRecord {
  const { id, startedAtMs, durationUs, digest, hostgroup, schema, user, server, clientAddress } = event;
  const { rowsSent, rowsAffected, errno } = event;
  const { text, isCut } = shown(event.query, scope.showLiterals);
  return {
    // Ids begin anew with the proxy; the clock does not.
    ...baseOf(eventIdOf('slowSql', scope.proxy, 'event', id, startedAtMs), scope),
    source: 'event',
    durationUs,
    isExact: true,
    startedAtMs: startedAtMs + aheadMs,
    digest,
    ...(text !== '' && { text }),
    ...(isCut && { isCut }),
    hostgroup,
    schema,
    user,
    ...(server !== undefined && { server }),
    ...(clientAddress !== undefined && { clientAddress }),
    rowsSent,
    rowsAffected,
    errno,
  };
}

/** A digest that ran slowly since `fromMs`, and the statement that was seen running meanwhile, if it is that. */
export function inferredRecordOf(
  slow: SlowDigest,
  sighting: Sighting | undefined,
  digestText: string | undefined,
  fromMs: number,
  scope: SlowSqlScope,
): SlowSqlRecord {
  const { identity, isExact } = slow;
  const durationUs = isExact ? slow.durationUs : Math.max(slow.durationUs, (sighting?.seenMs ?? 0) * 1_000);
  const text = textOfDigest(digestText ?? '');
  const { server, clientAddress = identity.clientAddress } = sighting ?? {};
  // Of a digest that has no text any more, what was seen is known all the same.
  const told = sighting && (scope.showLiterals || text.text === '') ? sighting : text;
  return {
    ...baseOf(sighting?.id ?? slow.id, scope),
    source: 'inferred',
    durationUs,
    isExact,
    startedAtMs: Math.round(sighting ? startOf(sighting) : fromMs - durationUs / 1_000),
    digest: identity.digest,
    ...(told.text !== '' && { text: told.text }),
    ...(told.isCut && { isCut: true }),
    hostgroup: identity.hostgroup,
    schema: identity.schema,
    user: identity.user,
    ...(server !== undefined && { server }),
    ...(clientAddress !== '' && { clientAddress }),
  };
}

/** A statement of which no more is known than that it was seen running. */
export function seenRecordOf(sighting: Sighting, scope: SlowSqlScope): SlowSqlRecord {
  const { id, seenMs, text, isCut, hostgroup, schema, user, server, clientAddress } = sighting;
  return {
    ...baseOf(id, scope),
    source: 'seen',
    durationUs: seenMs * 1_000,
    isExact: false,
    startedAtMs: startOf(sighting),
    text,
    ...(isCut && { isCut }),
    hostgroup,
    schema,
    user,
    ...(server !== undefined && { server }),
    ...(clientAddress !== undefined && { clientAddress }),
  };
}

/** Normalised by the proxy, and masked for what it left. */
function textOfDigest(digestText: string) {
  const { text, isCut } = shown(digestText, false);
  return { text, isCut: isCut || digestText.length >= DIGEST_TEXT_CHARACTERS };
}

function baseOf(eventId: string, { proxy, namespace, observedAtMs }: SlowSqlScope) {
  return { kind: 'slowSql', eventId, proxy, namespace, observedAtMs } as const;
}

/** An event that was told keeps its start. */
function startOf({ toldStartMs, startMs }: Sighting): number {
  return toldStartMs ?? startMs;
}

function shown(sql: string, showLiterals: boolean) {
  return (showLiterals ? cutText : maskedText)(sql, MAX_TEXT_CHARACTERS);
}
