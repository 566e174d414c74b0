import type { DigestCounters } from '../digests/digest-read.ts';
import type { HistoryState } from '../digests/proxy-history.ts';
import { ProxywatchError } from '../errors.ts';

/**
 * Records of a history as a store keeps them: short text, the format's version first and a checksum last, so that a
 * damaged or a newer record is told from a good one. Numbers are in base 36; -1 and the like occur (births before zero).
 */
export const RECORD_VERSION = '2';
const RADIX = 36;

export interface CounterRecord {
  readonly counters: DigestCounters;
  /** Of a row: its time of birth, seconds of uptime. Of a series: its state, see series-table.ts. */
  readonly mark: number;
  /** Whole epoch seconds: of a row, when it last changed; of a series that is not shown, since when (0: unknown); else 0. */
  readonly touchedS: number;
}

/** The time stands last, where a store finds it without knowing the rest. */
export function encodeCounters(key: string, counters: DigestCounters, mark: number, touchedS = 0): string {
  const { executions, timeUs, rowsAffected, rowsSent } = counters;
  const fields = [executions, timeUs, rowsAffected, rowsSent, mark, touchedS];
  return sealed(key, fields.map((number) => number.toString(RADIX)).join(','));
}

export function decodeCounters(key: string, record: string): CounterRecord {
  const fields = opened(key, record)
    .split(',')
    .map((field) => Number.parseInt(field, RADIX));
  const [executions, timeUs, rowsAffected, rowsSent, mark, touchedS, ...rest] = fields;
  if (mark === undefined || touchedS === undefined || rest.length > 0 || fields.some(Number.isNaN)) {
    throw damaged(key, 'its fields are not six numbers');
  }
  return {
    counters: {
      executions: executions ?? 0,
      timeUs: timeUs ?? 0,
      rowsAffected: rowsAffected ?? 0,
      rowsSent: rowsSent ?? 0,
    },
    mark,
    touchedS,
  };
}

export function encodeMeta(key: string, meta: HistoryState): string {
  return sealed(key, JSON.stringify(meta));
}

export function decodeMeta(key: string, record: string): HistoryState {
  return JSON.parse(opened(key, record));
}

/** The key is part of the checksum: a record under a wrong key is a damaged one. */
function sealed(key: string, body: string): string {
  return `${RECORD_VERSION};${body};${checksumOf(key, body)}`;
}

function opened(key: string, record: string): string {
  const bodyAt = record.indexOf(';') + 1;
  const checksumAt = record.lastIndexOf(';');
  const version = record.slice(0, bodyAt - 1);
  if (version !== RECORD_VERSION)
    throw damaged(key, `its version is ${JSON.stringify(version.slice(0, 8))}, not ${RECORD_VERSION}`);
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
