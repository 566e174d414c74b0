import type { Baseline } from '../digests/baseline.ts';
import type { DigestCounters } from '../digests/digest-read.ts';
import { ProxywatchError } from '../errors.ts';

/**
 * Records of a history as a store keeps them: short text, the format's version first and a checksum last, so that a
 * damaged or a newer record is told from a good one. Numbers are in base 36; -1 and the like occur (births before zero).
 */
const VERSION = '1';
const RADIX = 36;

export interface CounterRecord {
  readonly counters: DigestCounters;
  /** Of a row: its time of birth, seconds of uptime. Of a series: 1 when named, 0 when kept. */
  readonly mark: number;
}

/** What stands beside rows and series. */
export interface HistoryMeta {
  readonly baseline: Baseline;
  readonly totals: DigestCounters;
  readonly other: DigestCounters;
}

export function encodeCounters(key: string, counters: DigestCounters, mark: number): string {
  const { executions, timeUs, rowsAffected, rowsSent } = counters;
  const fields = [executions, timeUs, rowsAffected, rowsSent, mark].map((number) => number.toString(RADIX)).join(',');
  return sealed(key, fields);
}

export function decodeCounters(key: string, record: string): CounterRecord {
  const [executions, timeUs, rowsAffected, rowsSent, mark, ...rest] = opened(key, record)
    .split(',')
    .map((field) => Number.parseInt(field, RADIX));
  if (mark === undefined || rest.length > 0) throw damaged(key, 'it has the wrong number of fields');
  return {
    counters: {
      executions: executions ?? 0,
      timeUs: timeUs ?? 0,
      rowsAffected: rowsAffected ?? 0,
      rowsSent: rowsSent ?? 0,
    },
    mark,
  };
}

export function encodeMeta(key: string, meta: HistoryMeta): string {
  return sealed(key, JSON.stringify(meta));
}

export function decodeMeta(key: string, record: string): HistoryMeta {
  return JSON.parse(opened(key, record));
}

/** The key is part of the checksum: a record under a wrong key is a damaged one. */
function sealed(key: string, body: string): string {
  return `${VERSION};${body};${checksumOf(key, body)}`;
}

function opened(key: string, record: string): string {
  const bodyAt = record.indexOf(';') + 1;
  const checksumAt = record.lastIndexOf(';');
  const version = record.slice(0, bodyAt - 1);
  if (version !== VERSION) throw damaged(key, `its version is ${JSON.stringify(version.slice(0, 8))}, not ${VERSION}`);
  const body = record.slice(bodyAt, checksumAt);
  if (record.slice(checksumAt + 1) !== checksumOf(key, body)) throw damaged(key, 'its checksum does not match');
  return body;
}

/** FNV-1a, 32 bits: told damage from health in a few nanoseconds a byte; it is no defence against intent. */
function checksumOf(key: string, body: string): string {
  let hash = 0x811c9dc5;
  for (const text of [key, body]) {
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0).toString(RADIX);
}

function damaged(key: string, why: string): ProxywatchError {
  return new ProxywatchError('RECORD_DAMAGED', `history record ${JSON.stringify(key)} cannot be read: ${why}`);
}
