import type { Processlist, ProxySessionState } from '../processlist.ts';
import { clockStepOf } from './clock-step.ts';
import { eventIdOf } from './event-id.ts';
import { cutText, maskedText } from './mask-literals.ts';
import type { ClockReading } from './restart.ts';

/** A statement that was seen running for long. Times are epoch milliseconds on our clock. */
export interface Sighting {
  /** Of the event that it becomes, unless a digest explains it first. */
  readonly id: string;
  readonly sessionId: string;
  readonly user: string;
  readonly schema: string;
  readonly hostgroup: string;
  readonly server?: string | undefined;
  readonly clientAddress?: string | undefined;
  readonly text: string;
  readonly isCut: boolean;
  /** Never earlier than it truly began; what a quiet thread of the proxy tells may be 2 s late. */
  readonly startMs: number;
  /** The longest that it was seen to have run, milliseconds. */
  readonly seenMs: number;
  readonly lastSeenMs: number;
  /** It had ended by then; absent while it may be running. */
  readonly goneMs?: number | undefined;
  /** The start that was told while it was running. */
  readonly toldStartMs?: number | undefined;
}

export interface SightingsState {
  readonly clock?: ClockReading | undefined;
  readonly sightings: readonly Sighting[];
}

export interface SightingsOptions {
  readonly proxy: string;
  readonly thresholdMs: number;
  readonly showLiterals: boolean;
  /** So long a statement that has ended waits for a digest that explains it. */
  readonly waitMs: number;
}

export interface SightingsSeen {
  readonly state: SightingsState;
  /** Those that have run for so long that they are told while they go on. */
  readonly lasting: readonly Sighting[];
  /** Those that waited long enough; they are not remembered any more. */
  readonly overdue: readonly Sighting[];
  /** More than are remembered; the longest are. */
  readonly leftOut: number;
}

export const MAX_SIGHTINGS = 500;
export const MAX_TEXT_CHARACTERS = 1_024;
/** Threads of the proxy look at the clock every 2 s at least. */
export const LAG_MS = 2_000;
const LATENCY_MS = 1_000;
const LASTING_MS = 30_000;
const LASTING_THRESHOLDS = 10;

/** Follows statements that run for long from sample to sample. */
export function observeSightings(
  before: SightingsState,
  sample: Processlist,
  atMs: number,
  options: SightingsOptions,
): SightingsSeen {
  const clock = { atMs, uptimeS: sample.uptimeS, proxyNowS: sample.proxyNowS };
  const { hasRestarted, shiftMs } = clockStepOf(before.clock, clock);
  const sessions = new Map(sample.sessions.map((session) => [session.sessionId, session]));
  const isComplete = !sample.isCut || sample.sessions.some(isIdle);
  const followed: Sighting[] = [];

  for (const known of before.sightings) {
    const sighting = shiftMs === 0 ? known : shifted(known, shiftMs);
    const session = sessions.get(sighting.sessionId);
    if (sighting.goneMs !== undefined) followed.push(sighting);
    else if (hasRestarted) followed.push(gone(sighting, atMs - sample.uptimeS * 1_000));
    else if (session && isSame(sighting, session, atMs, options)) {
      sessions.delete(sighting.sessionId);
      followed.push(seenAgain(sighting, session, atMs));
    } else if (session || isComplete) followed.push(gone(sighting, atMs - (session?.timeMs ?? 0)));
    else followed.push(sighting);
  }
  const begun = [...sessions.values()].filter((one) => isRunning(one) && one.timeMs >= options.thresholdMs);
  begun.sort((a, b) => b.timeMs - a.timeMs);
  for (const session of begun.slice(0, MAX_SIGHTINGS)) followed.push(sightingOf(session, atMs, options));

  const isOverdue = ({ goneMs }: Sighting) => goneMs !== undefined && atMs - goneMs >= options.waitMs;
  const overdue = followed.filter(isOverdue);
  const kept = followed.filter((sighting) => !isOverdue(sighting)).sort((a, b) => b.seenMs - a.seenMs);
  const lastingMs = Math.max(LASTING_MS, LASTING_THRESHOLDS * options.thresholdMs);
  const sightings = kept.slice(0, MAX_SIGHTINGS);
  return {
    state: { clock, sightings },
    lasting: sightings.filter(
      ({ goneMs, toldStartMs, seenMs }) => goneMs === undefined && toldStartMs === undefined && seenMs >= lastingMs,
    ),
    overdue,
    leftOut: kept.length - sightings.length + Math.max(0, begun.length - MAX_SIGHTINGS),
  };
}

/** Once it was told, its start stays as it was told. */
export function toldOf(sighting: Sighting): Sighting {
  return { ...sighting, toldStartMs: sighting.startMs };
}

function isRunning({ statement }: ProxySessionState): boolean {
  return statement !== undefined && statement !== '';
}

function isIdle(session: ProxySessionState): boolean {
  return !isRunning(session) && session.transactionUs === undefined;
}

function isSame(sighting: Sighting, session: ProxySessionState, atMs: number, options: SightingsOptions): boolean {
  if (!isRunning(session) || session.timeMs < sighting.seenMs) return false;
  if (Math.abs(atMs - session.timeMs - sighting.startMs) > LAG_MS + LATENCY_MS) return false;
  return textOf(session, options).text === sighting.text;
}

function sightingOf(session: ProxySessionState, atMs: number, options: SightingsOptions): Sighting {
  const { sessionId, user, schema, hostgroup, server, clientAddress, timeMs } = session;
  const startMs = atMs - timeMs;
  return {
    id: eventIdOf('slowSql', options.proxy, 'seen', sessionId, startMs),
    sessionId,
    user,
    schema,
    hostgroup,
    server,
    clientAddress: clientAddress || undefined,
    ...textOf(session, options),
    startMs,
    seenMs: timeMs,
    lastSeenMs: atMs,
  };
}

function textOf({ statement = '', isStatementCut }: ProxySessionState, { showLiterals }: SightingsOptions) {
  const { text, isCut } = (showLiterals ? cutText : maskedText)(statement, MAX_TEXT_CHARACTERS);
  return { text, isCut: isCut || isStatementCut };
}

function seenAgain(sighting: Sighting, { timeMs, server }: ProxySessionState, atMs: number): Sighting {
  return {
    ...sighting,
    server: server ?? sighting.server,
    startMs: Math.min(sighting.startMs, atMs - timeMs),
    seenMs: timeMs,
    lastSeenMs: atMs,
  };
}

function gone(sighting: Sighting, atMs: number): Sighting {
  return { ...sighting, goneMs: Math.max(sighting.lastSeenMs, atMs) };
}

function shifted(sighting: Sighting, byMs: number): Sighting {
  const { startMs, lastSeenMs, goneMs } = sighting;
  return {
    ...sighting,
    startMs: startMs + byMs,
    lastSeenMs: lastSeenMs + byMs,
    goneMs: goneMs === undefined ? undefined : goneMs + byMs,
  };
}
