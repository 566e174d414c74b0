import { CONFIG_TABLES } from '@proxywatch/core/domain/control/config-rows';
import { isAfter } from '@proxywatch/core/domain/control/operation';
import { isProxywatchError } from '@proxywatch/core/domain/errors';
import { beforeRows } from './expected-rows.ts';
import type { GroupRun } from './group-run.ts';
import { Interrupted } from './interruption.ts';
import { isStoreAway } from './is-store-away.ts';
import { problemWords } from './problem-words.ts';
import { restoreRest, restoreRuntime } from './restore-member.ts';
import { settle } from './settle.ts';
import { checksumsOf } from './steps/save-disk.ts';
import { writerOf } from './writer-of.ts';

const RETRY_POLLS = 5;

/**
 * Takes all members back to their pre-images: those that are there already are left alone, so that it can be done again
 * after a death at any point. Who cannot be taken back is named.
 */
export async function rollBackGroup(run: GroupRun): Promise<void> {
  if (!isAfter(run.group.step, 'guard')) {
    await run.save({ state: 'rolled-back', events: [{ severity: 'info', message: 'nothing was written' }] });
    return;
  }
  await run.check();
  const deadlineMs = run.engine.clock.nowMs() + run.engine.times.patienceMs;
  const stuck = new Map<string, string>();
  const attempt = async (proxyId: string, act: () => Promise<void>) => {
    const problem = await patiently(run, deadlineMs, act);
    if (problem !== undefined) stuck.set(proxyId, problem);
  };
  const writer = writerOf(run);
  const others = run.group.members.filter((member) => member !== writer);
  await attempt(writer, () => restoreRuntime(run, writer));
  for (const proxyId of await unsettledOf(run, stuck)) await attempt(proxyId, () => restoreRuntime(run, proxyId));
  for (const proxyId of [writer, ...others]) {
    if (!stuck.has(proxyId)) await attempt(proxyId, () => restoreRest(run, proxyId));
  }
  for (const proxyId of await unsettledOf(run, stuck)) {
    if (!stuck.has(proxyId)) stuck.set(proxyId, 'it does not keep what it ran before');
  }
  await tellOutcome(run, stuck);
}

/** Members that could be asked and do not run what they ran before, after having waited for those that pull it. */
async function unsettledOf(run: GroupRun, stuck: ReadonlyMap<string, string>): Promise<readonly string[]> {
  const members = run.group.members.filter((member) => !stuck.has(member));
  if (members.length === 0) return [];
  const expected = await Promise.all(
    members.map(async (member) => [member, beforeRows(run.controlOf(member), await run.preImageOf(member))] as const),
  );
  return [...(await settle(run, new Map(expected), () => members.length === 1)).keys()];
}

/** Tries until it works or the time is over; answers what is in the way then. */
async function patiently(run: GroupRun, deadlineMs: number, act: () => Promise<void>): Promise<string | undefined> {
  const { clock, times } = run.engine;
  for (;;) {
    try {
      await act();
      return undefined;
    } catch (error) {
      if (error instanceof Interrupted || isStoreAway(error)) throw error;
      if (run.signal.aborted) throw new Interrupted('out-of-time');
      const mayHelp = isProxywatchError(error) && error.retryable;
      if (!mayHelp || clock.nowMs() >= deadlineMs) return problemWords(error);
      await run.wait(times.pollMs * RETRY_POLLS);
    }
  }
}

async function tellOutcome(run: GroupRun, stuck: ReadonlyMap<string, string>): Promise<void> {
  const { members, problem } = run.group;
  const back = members.filter((member) => !stuck.has(member));
  const managed = await Promise.all(
    back.map(async (proxyId) => ({ proxyId, tables: CONFIG_TABLES, rows: (await run.preImageOf(proxyId)).managed })),
  );
  const checksums = (await Promise.all(back.map((member) => checksumsOf(run, member)))).flat();
  if (stuck.size === 0) {
    const message = `rolled back: ${members.join(', ')} are as before`;
    await run.save({ state: 'rolled-back', managed, checksums, events: [{ severity: 'info', message }] });
    return;
  }
  const words = [...stuck].map(([proxyId, why]) => `${proxyId} could not be put back: ${why}`).join('; ');
  await run.save({
    state: 'rollback-failed',
    problem: problem === undefined ? words : `${problem}; ${words}`,
    managed,
    checksums,
    events: [{ severity: 'error', message: words }],
  });
}
