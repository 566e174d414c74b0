import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { StatsSpan } from '@proxywatch/core/domain/monitoring/stats-plan';
import { z } from 'zod';
import { timestamp } from '#api/fields';
import { meaning } from '#api/query-schema';

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const LENGTH = /^[1-9]\d{0,5}[mhd]$/;
/** As long as anything is kept. */
const MAX_MS = 400 * 86_400_000;

/** Parameters of a time range: from `from` (not included) to `to` (included), or the `last` so many minutes, hours or days. */
export const timeRange = {
  from: timestamp().optional().meta({ description: 'begin, not included' }),
  to: timestamp().optional().meta({ description: 'end, included; default now' }),
  last: lengthOfTime().optional().meta({ description: 'instead of from: this long before the end' }),
};

export interface AskedRange {
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  /** Milliseconds. */
  readonly last?: number | undefined;
}

/** `30m`, `24h`, `7d` as milliseconds. */
export function lengthOfTime() {
  const read = z
    .string()
    .regex(LENGTH, { error: 'expected a length of time such as 30m, 24h or 7d' })
    .transform((given) => Number(given.slice(0, -1)) * (UNIT_MS[given.slice(-1)] ?? Number.NaN))
    .refine((ms) => ms <= MAX_MS, { error: 'expected 400 days at most' });
  return meaning(read, { type: 'string', pattern: '^[1-9][0-9]{0,2}[mhd]$', maxLength: 4, example: '24h' });
}

/** The span that was asked for; it ends now at the latest. Throws REQUEST_INVALID where there is none. */
export function spanOf({ from, to, last }: AskedRange, nowMs: number, usualMs: number): StatsSpan {
  if (from !== undefined && last !== undefined) throw refused('last', 'is instead of from, not beside it');
  const toMs = Math.min(to?.getTime() ?? nowMs, nowMs);
  const fromMs = from?.getTime() ?? Math.max(0, toMs - (last ?? usualMs));
  if (fromMs >= toMs)
    throw refused(from === undefined ? 'to' : 'from', 'the range ends before it begins, or lies ahead');
  if (toMs - fromMs > MAX_MS) throw refused('from', 'the range is longer than 400 days');
  return { fromMs, toMs };
}

export function refused(parameter: string, message: string): ProxywatchError {
  return new ProxywatchError('REQUEST_INVALID', 'the question is not right', {
    problems: [{ pointer: `?${parameter}`, message }],
  });
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}
