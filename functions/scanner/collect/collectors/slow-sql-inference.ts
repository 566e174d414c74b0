import { errorCodeOf } from '@proxywatch/core/domain/errors';
import type { Processlist } from '@proxywatch/core/domain/processlist';
import { explainSightings } from '@proxywatch/core/domain/scan/explain-sightings';
import { observeSightings, toldOf } from '@proxywatch/core/domain/scan/sightings';
import { rememberDigests, type SlowDigest, slowDigestsOf } from '@proxywatch/core/domain/scan/slow-digests';
import { inferredRecordOf, type SlowSqlScope, seenRecordOf } from '@proxywatch/core/domain/scan/slow-sql';
import type { CollectContext, DigestRound } from '../collect-context.ts';
import type { Findings } from './findings.ts';
import type { SlowSqlMemory } from './slow-sql-memory.ts';

/** So long a statement that was seen waits for a round of digests that explains it; they may be read less often, or not at all. */
const WAIT_MS = 300_000;
/** Digests whose texts are asked for in one round, and texts that are remembered. */
const MAX_TEXTS = 200;

/** Infers slow SQL where the proxy records no events: from digests that ran slowly, and from what is seen running. */
export class SlowSqlInference {
  readonly #context: CollectContext;
  readonly #findings: Findings<SlowSqlMemory>;
  #untold = 0;
  #leftOut = 0;

  constructor(context: CollectContext, findings: Findings<SlowSqlMemory>) {
    this.#context = context;
    this.#findings = findings;
  }

  /** Records that there was no room for, and statements that are not followed, in this run. */
  get missing(): { readonly untold: number; readonly leftOut: number } {
    return { untold: this.#untold, leftOut: this.#leftOut };
  }

  /** Tells what a round of digests shows, and what it explains. Resolves when that is committed. */
  async takeRound(round: DigestRound): Promise<void> {
    const { proxy, settings } = this.#context;
    const thresholdUs = settings.slowSqlMs * 1_000;
    const { memory: before, room } = this.#findings;
    const { slow, leftOut } = slowDigestsOf(round, before.digests, { proxy: proxy.id, thresholdUs, limit: room });
    const texts = await this.#textsOf(slow);

    // From here on nothing is awaited: what samples have found meanwhile is there, and nothing of it gets lost.
    const { memory } = this.#findings;
    const textOf = ({ identity, text }: SlowDigest) => text ?? texts.get(identity.digest);
    const { bySlow, unexplained, waiting } = explainSightings(slow, memory.sightings, textOf, round.toMs);
    const scope = this.#scopeOf(round.toMs);
    const seen = unexplained.slice(0, Math.max(0, this.#findings.room - slow.length));
    const fromMs = round.fromMs ?? round.toMs;
    this.#findings.take({ digests: rememberDigests(round, memory.digests, thresholdUs), sightings: waiting, texts }, [
      ...slow.map((one) => inferredRecordOf(one, bySlow.get(one), textOf(one), fromMs, scope)),
      ...seen.map((sighting) => seenRecordOf(sighting, scope)),
    ]);
    this.#untold += leftOut + unexplained.length - seen.length;
    await this.#findings.commit();
  }

  /** Follows what runs; commits at once what is to be told, and leaves all else for the end of the run. */
  async takeSample(sample: Processlist, atMs: number): Promise<void> {
    const { proxy, settings, session } = this.#context;
    const { memory, room } = this.#findings;
    const { state, lasting, overdue, leftOut } = observeSightings(memory, sample, atMs, {
      proxy: proxy.id,
      thresholdMs: settings.slowSqlMs,
      showLiterals: settings.showLiterals,
      waitMs: session.capabilities.digests ? WAIT_MS : 0,
    });
    this.#leftOut = Math.max(this.#leftOut, leftOut);
    if (state.sightings.length === 0 && memory.sightings.length === 0 && overdue.length === 0) return;
    const ended = overdue.slice(0, room);
    const running = new Set(lasting.slice(0, room - ended.length));
    this.#untold += overdue.length - ended.length;
    const scope = this.#scopeOf(atMs);
    const sightings = state.sightings.map((sighting) => (running.has(sighting) ? toldOf(sighting) : sighting));
    const records = [...ended, ...running].map((sighting) => seenRecordOf(sighting, scope));
    this.#findings.take({ ...state, sightings }, records);
    if (records.length > 0) await this.#findings.commit();
  }

  /** Texts that are known once those of these digests were asked for; an event without its text is told all the same. */
  async #textsOf(slow: readonly SlowDigest[]): Promise<ReadonlyMap<string, string>> {
    const { session, signal, log, proxy } = this.#context;
    const known = this.#findings.memory.texts;
    const digests = [...new Set(slow.map(({ identity }) => identity.digest))].slice(0, MAX_TEXTS);
    const brought = new Map(
      slow.flatMap(({ identity, text }) => (text === undefined ? [] : [[identity.digest, text]])),
    );
    const missing = digests.filter((digest) => !brought.has(digest) && !known.has(digest));
    let fetched: ReadonlyMap<string, string> = new Map();
    try {
      if (missing.length > 0) fetched = await session.fetchDigestTexts(missing, signal);
    } catch (error) {
      const code = errorCodeOf(error);
      if (!code?.startsWith('PROXY_')) throw error;
      log.warn('texts of slow digests were not read', { proxy: proxy.id, code });
    }
    const texts = new Map(known);
    for (const digest of digests) {
      const text = brought.get(digest) ?? known.get(digest) ?? fetched.get(digest);
      // What was slow last stays longest.
      texts.delete(digest);
      if (text !== undefined) texts.set(digest, text);
    }
    return new Map([...texts].slice(-MAX_TEXTS));
  }

  #scopeOf(observedAtMs: number): SlowSqlScope {
    const { proxy, settings } = this.#context;
    return { proxy: proxy.id, namespace: proxy.namespace, observedAtMs, showLiterals: settings.showLiterals };
  }
}
