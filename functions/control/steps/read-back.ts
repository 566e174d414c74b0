import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { memoryWords, wantedMemory } from '../compare-group.ts';
import { expectedRows } from '../expected-rows.ts';
import type { GroupRun } from '../group-run.ts';
import { settle, type Unsettled, unsettledWords } from '../settle.ts';
import { writerOf } from '../writer-of.ts';

/**
 * Looks whether all members run what was wanted: a proxy may answer OK and not take a value, and a peer may pull a change
 * back. Members that the writer's cluster does not bring along are written themselves.
 */
export async function readBack(run: GroupRun): Promise<void> {
  const { members } = run.group;
  const { modules } = await run.preImageOf(writerOf(run));
  if (modules.length > 0) await requireSettled(run);
  await run.record('read-back', run.group.pending, {
    events:
      modules.length === 0
        ? []
        : [{ severity: 'info', message: `read back: ${members.join(', ')} run what was wanted` }],
  });
}

async function requireSettled(run: GroupRun): Promise<void> {
  const writer = writerOf(run);
  const isAlone = run.group.members.length === 1;
  const first = await look(run);
  if (first.has(writer)) {
    const words = unsettledWords(new Map([[writer, first.get(writer) ?? []]]));
    throw new ProxywatchError(
      'UNPROCESSABLE',
      isAlone ? `accepted and not taken: ${words}` : `not taken, or pulled back: ${words}`,
    );
  }
  if (first.size === 0) return;
  await writeStragglers(run, [...first.keys()]);
  const second = await look(run);
  if (second.size > 0) throw new ProxywatchError('UNPROCESSABLE', `not all proxies run it: ${unsettledWords(second)}`);
}

/** Who does not run the change, after having waited for those that pull it. */
export async function look(run: GroupRun): Promise<Unsettled> {
  const writer = writerOf(run);
  const { modules } = await run.preImageOf(writer);
  const { memory = {} } = await run.fetchLayers(writer, modules, ['memory']);
  const dropped = memoryWords(run.controlOf(writer), await wantedMemory(run, writer), memory);
  if (dropped.length > 0) return new Map([[writer, dropped]]);
  const expected = await Promise.all(
    run.group.members.map(async (member) => {
      const rows =
        member === writer ? memory : expectedRows(run.controlOf(member), await run.preImageOf(member), memory);
      return [member, rows] as const;
    }),
  );
  return settle(run, new Map(expected), (unsettled) => unsettled.has(writer));
}

async function writeStragglers(run: GroupRun, proxyIds: readonly string[]): Promise<void> {
  for (const proxyId of proxyIds) {
    const { modules, writes, memory: before } = await run.preImageOf(proxyId);
    const found = (await run.fetchLayers(proxyId, modules, ['memory'])).memory ?? {};
    // Anything else is an edit, or a pull that went wrong: a LOAD of ours would make it worse.
    if (memoryWords(run.controlOf(proxyId), before, found).length > 0) continue;
    await run.note('warning', 'its cluster did not bring the change along: it is written itself', proxyId);
    await run.change(proxyId, (session, limit) => session.write(writes, limit));
    for (const module of modules) await run.change(proxyId, (session, limit) => session.load(module, limit));
  }
}
