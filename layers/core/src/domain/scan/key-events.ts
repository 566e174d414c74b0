import type { MessageCount, ModuleChecksum, ProxyState, ServerState } from '../proxy-state.ts';
import { type DriftMemory, nextDrift } from './drift.ts';
import { eventIdOf } from './event-id.ts';
import { type FlapCount, FlapLimit } from './flap-limit.ts';
import { type ClockReading, hasRestarted } from './restart.ts';
import type { KeyLogEvent, KeyLogRecord } from './scan-record.ts';

/** What was told of a proxy last. Parts that its credential never showed are empty. */
export interface KeyMemory extends ClockReading {
  /** Status by server, see `serverKeyOf`; `undefined` until they were seen for the first time. */
  readonly servers: ReadonlyMap<string, string> | undefined;
  /** By module. */
  readonly checksums: ReadonlyMap<string, string> | undefined;
  /** Counts by place in the source. */
  readonly messages: ReadonlyMap<string, number> | undefined;
  /** Modules that run another configuration than they were given; `undefined` until that could be compared. */
  readonly drift?: ReadonlyMap<string, DriftMemory>;
  readonly flaps: ReadonlyMap<string, FlapCount>;
}

export interface KeyScope {
  readonly proxy: string;
  readonly namespace: string;
  /** Events of one look; what goes beyond them is told at the next. */
  readonly maxRecords: number;
  /** Checksums of the configuration that Proxywatch gave the proxy last, by module. @default - not known */
  readonly appliedChecksums?: Readonly<Record<string, string>>;
}

interface KeyLook {
  readonly state: ProxyState;
  /** Epoch milliseconds. */
  readonly atMs: number;
}

/** Subjects of one kind that are remembered. */
const MAX_SUBJECTS = 10_000;

/**
 * What happened to a proxy between two looks at its state. An event is told once: what was told is remembered, and what is
 * not told now (a subject that changes all the time, more events than are kept) is compared with that again at the next look.
 */
export function keyEventsOf(
  { state, atMs }: KeyLook,
  before: KeyMemory | undefined,
  scope: KeyScope,
): { readonly events: readonly KeyLogRecord[]; readonly memory: KeyMemory } {
  const reading = { atMs, uptimeS: state.uptimeS, proxyNowS: state.proxyNowS };
  if (!before) {
    const drift = nextDrift(undefined, scope.appliedChecksums, state.checksums).drift;
    return { events: [], memory: { ...reading, ...beginningOf(state), drift, flaps: new Map() } };
  }
  const isRestart = hasRestarted(before, reading);
  const teller = new Teller({ ...scope, ...reading, fromMs: before.atMs }, new FlapLimit(before.flaps, atMs));
  if (isRestart) teller.tellRestart();
  const servers = tellServers(teller, before.servers, state.servers);
  const checksums = tellChecksums(teller, before.checksums, state.checksums);
  const drift = tellDrift(teller, before.drift, scope.appliedChecksums, state.checksums);
  const messages = tellMessages(teller, isRestart ? before.messages && new Map() : before.messages, state.messages);
  return { events: teller.events, memory: { ...reading, servers, checksums, messages, drift, flaps: teller.flaps } };
}

type Subjects<T> = ReadonlyMap<string, T> | undefined;

function beginningOf({ servers, checksums, messages }: ProxyState) {
  return {
    servers: servers && statusesOf(servers),
    checksums: checksums && new Map(checksums.filter(isKnown).map(({ name, checksum }) => [name, checksum])),
    messages: messages && countsOf(messages),
  };
}

function tellServers(teller: Teller, before: Subjects<string>, servers: ProxyState['servers']): Subjects<string> {
  if (!servers) return before;
  const now = statusesOf(servers);
  if (!before) return now;
  const told = new Map(before);
  for (const key of new Set([...before.keys(), ...now.keys()])) {
    const [was, is] = [before.get(key) ?? ABSENT, now.get(key) ?? ABSENT];
    if (was === is) continue;
    const [hostgroup, server] = JSON.parse(key) as [string, string];
    const isTold = teller.tell('server-status', key, {
      severity: is === 'ONLINE' ? 'info' : 'warning',
      message: `server ${server} in hostgroup ${hostgroup}: ${was} → ${is}`,
      detail: { hostgroup, server, before: was, after: is },
    });
    if (!isTold) continue;
    if (is === ABSENT) told.delete(key);
    else told.set(key, is);
  }
  return limited(told);
}

function tellChecksums(teller: Teller, before: Subjects<string>, checksums: ProxyState['checksums']): Subjects<string> {
  if (!checksums) return before;
  const known = checksums.filter(isKnown);
  if (!before) return new Map(known.map(({ name, checksum }) => [name, checksum]));
  const told = new Map(before);
  for (const { name, checksum, version, epochS } of known) {
    const was = before.get(name);
    if (was === checksum) continue;
    const isTold = teller.tell('configuration-changed', name, {
      severity: 'info',
      message: `configuration of ${name} changed${was === undefined ? '' : `: ${was} → ${checksum}`}`,
      detail: { module: name, ...(was !== undefined && { before: was }), after: checksum, version },
      happenedS: epochS,
    });
    if (isTold) told.set(name, checksum);
  }
  return limited(told);
}

function tellDrift(
  teller: Teller,
  before: KeyMemory['drift'],
  applied: KeyScope['appliedChecksums'],
  checksums: ProxyState['checksums'],
): KeyMemory['drift'] {
  const { drift, changes } = nextDrift(before, applied, checksums);
  const told = new Map(drift);
  for (const { module, kind, running, applied: given } of changes) {
    const isBegin = kind === 'begin';
    const isTold = teller.tell(`drift-${kind}`, module, {
      severity: isBegin ? 'warning' : 'info',
      message: isBegin
        ? `configuration of ${module} is not what Proxywatch applied: ${given} → ${running}`
        : `configuration of ${module} is what Proxywatch applied again: ${running}`,
      detail: { module, applied: given, running },
    });
    if (isBegin) told.set(module, { running, isTold });
    else if (!isTold) told.set(module, { running, isTold: true });
  }
  return drift && told;
}

function tellMessages(teller: Teller, before: Subjects<number>, messages: ProxyState['messages']): Subjects<number> {
  if (!messages) return before;
  const now = countsOf(messages);
  if (!before) return now;
  const told = new Map(before);
  for (const one of messages) {
    const { messageId, filename, line, func, count, lastSeenS } = one;
    const key = messageKeyOf(one);
    const was = before.get(key) ?? 0;
    // Counts that fell began again.
    const by = count < was ? count : count - was;
    if (by === 0) continue;
    const isTold = teller.tell('message', key, {
      severity: 'warning',
      message: `the proxy logged message ${messageId} ${by} times (${filename}:${line}, ${func})`,
      detail: { messageId, filename, line, func, count: by },
      happenedS: lastSeenS,
    });
    if (isTold || count < was) told.set(key, isTold ? count : 0);
  }
  return limited(told);
}

interface Told {
  readonly severity: KeyLogRecord['severity'];
  readonly message: string;
  readonly detail: KeyLogRecord['detail'];
  /** On the proxy's clock, epoch seconds. @default - between the two looks, so now */
  readonly happenedS?: number;
}

/** Makes records, no more than there may be. */
class Teller {
  readonly #scope: KeyScope & ClockReading & { readonly fromMs: number };
  readonly #limit: FlapLimit;
  readonly #events: KeyLogRecord[] = [];

  constructor(scope: KeyScope & ClockReading & { readonly fromMs: number }, limit: FlapLimit) {
    this.#scope = scope;
    this.#limit = limit;
  }

  get events(): readonly KeyLogRecord[] {
    return this.#events;
  }

  get flaps(): ReadonlyMap<string, FlapCount> {
    return this.#limit.counts;
  }

  tellRestart(): void {
    const { uptimeS, proxyNowS } = this.#scope;
    this.#add('restart', [], {
      severity: 'warning',
      message: `the proxy started ${uptimeS} s ago`,
      detail: { uptimeS },
      happenedS: proxyNowS - uptimeS,
    });
  }

  /** False when it is not told now. */
  tell(event: KeyLogEvent, subject: string, told: Told): boolean {
    if (this.#events.length >= this.#scope.maxRecords) return false;
    const leave = this.#limit.take(`${event} ${subject}`);
    if (leave === 'refused') return false;
    const more = leave === 'last' ? '; it changes all the time, so nothing more is told of it for an hour' : '';
    this.#add(event, [subject], { ...told, message: `${told.message}${more}` });
    return true;
  }

  /** The look before names the interval in which it happened: an event that is found once more has the same id. */
  #add(event: KeyLogEvent, subject: readonly string[], { happenedS, ...told }: Told): void {
    const { proxy, namespace, atMs, fromMs, proxyNowS } = this.#scope;
    const eventId = eventIdOf('keyLogs', proxy, event, ...subject, fromMs);
    // Moved to our clock. A time outside of the interval was read from a clock that stepped.
    const movedMs = happenedS === undefined ? atMs : atMs - (proxyNowS - happenedS) * 1000;
    const happenedAtMs = movedMs >= fromMs - CLOCK_JITTER_MS && movedMs <= atMs ? movedMs : atMs;
    this.#events.push({ kind: 'keyLogs', eventId, proxy, namespace, observedAtMs: atMs, event, happenedAtMs, ...told });
  }
}

const CLOCK_JITTER_MS = 2_000;
const ABSENT = 'absent';

/** Of a module that has no configuration yet there is nothing to compare. */
function isKnown({ checksum, version }: ModuleChecksum): boolean {
  return checksum !== '' && version > 0;
}

/** A server that was taken out and put back has two rows for a while: the one that is in use counts. */
function statusesOf(servers: readonly ServerState[]): Map<string, string> {
  const statuses = new Map<string, string>();
  for (const { hostgroup, host, port, status } of servers) {
    const key = JSON.stringify([hostgroup, `${host}:${port}`]);
    if (status !== 'OFFLINE_HARD' || !statuses.has(key)) statuses.set(key, status);
  }
  return statuses;
}

function countsOf(messages: readonly MessageCount[]): Map<string, number> {
  return new Map(messages.map((message) => [messageKeyOf(message), message.count]));
}

function messageKeyOf({ messageId, filename, line, func }: MessageCount): string {
  return JSON.stringify([messageId, filename, line, func]);
}

function limited<T>(subjects: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  return subjects.size <= MAX_SUBJECTS ? subjects : new Map([...subjects].slice(0, MAX_SUBJECTS));
}
