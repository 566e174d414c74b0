import type { LayerRows } from '@proxywatch/core/domain/control/config-rows';
import { errorCodeOf } from '@proxywatch/core/domain/errors';
import { runtimeWords } from './compare-group.ts';
import type { GroupRun } from './group-run.ts';
import { Interrupted } from './interruption.ts';
import { isStoreAway } from './is-store-away.ts';
import { problemWords } from './problem-words.ts';

/** What keeps a member from running what it should, in words. */
export type Unsettled = ReadonlyMap<string, readonly string[]>;

/**
 * Waits until all members run these rows (as a memory would be that was loaded) and their checksums hold still: a pull that
 * is under way would be seen too late otherwise. Answers who does not when the time is over, or as soon as `isHopeless`.
 */
export async function settle(
  run: GroupRun,
  expected: ReadonlyMap<string, LayerRows>,
  isHopeless: (unsettled: Unsettled) => boolean,
): Promise<Unsettled> {
  const { clock, times } = run.engine;
  const deadlineMs = clock.nowMs() + times.settleMs;
  let checksumsBefore: string | undefined;
  for (;;) {
    const looks = await Promise.all([...expected].map(([proxyId, rows]) => look(run, proxyId, rows)));
    const unsettled = new Map(
      looks.filter(({ words }) => words.length > 0).map(({ proxyId, words }) => [proxyId, words]),
    );
    const checksums = JSON.stringify(looks.map((member) => member.checksums));
    const isStill = expected.size === 1 || checksums === checksumsBefore;
    checksumsBefore = checksums;
    if (unsettled.size === 0 && isStill) return unsettled;
    if (clock.nowMs() >= deadlineMs || isHopeless(unsettled)) {
      if (unsettled.size > 0) return unsettled;
      return new Map(looks.map(({ proxyId }) => [proxyId, ['its checksums do not hold still']]));
    }
    await run.wait(times.pollMs);
  }
}

interface Look {
  readonly proxyId: string;
  readonly words: readonly string[];
  readonly checksums: readonly unknown[];
}

async function look(run: GroupRun, proxyId: string, expected: LayerRows): Promise<Look> {
  try {
    const { modules } = await run.preImageOf(proxyId);
    const { runtime = {} } = await run.fetchLayers(proxyId, modules, ['runtime']);
    const facts = await run.ask(proxyId, (session, limit) => session.fetchFacts(limit));
    const checksums = facts.checksums.map(({ name, checksum, version }) => [name, checksum, version]);
    return { proxyId, words: runtimeWords(run.controlOf(proxyId), expected, runtime, 'the operation'), checksums };
  } catch (error) {
    if (error instanceof Interrupted || isStoreAway(error) || errorCodeOf(error) === 'RECORD_DAMAGED') throw error;
    if (run.signal.aborted) throw new Interrupted('out-of-time');
    return { proxyId, words: [problemWords(error)], checksums: [] };
  }
}

export function unsettledWords(unsettled: Unsettled): string {
  return [...unsettled].map(([proxyId, words]) => `${proxyId}: ${words.join('; ')}`).join('; ');
}
