import type { ConfigSnapshot } from '@proxywatch/core/domain/control/config-rows';
import type { PreImage, RowRef } from '@proxywatch/core/domain/control/group-work';
import { applyWrites, writesBetween } from '@proxywatch/core/domain/control/row-writes';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { memoryWords, runtimeWords } from './compare-group.ts';
import { expectedRows } from './expected-rows.ts';
import type { GroupIntent } from './group-intent.ts';
import type { GroupRun } from './group-run.ts';
import { type Peers, requireNoOthers, requireOurs } from './planning/same-group.ts';
import { openPreImage } from './pre-image.ts';

/**
 * What takes a group back to before an operation that has ended. Refused with CONFLICT when it was changed since then by
 * anybody: going back would undo that as well; and where a proxy is not the namespace's any more, or others sync with it.
 */
export async function rollbackIntent(run: GroupRun): Promise<GroupIntent> {
  const { group, signal, engine, operation } = run;
  const registered = await engine.fetchProxies(signal);
  for (const member of group.members) {
    const record = registered.find(({ registration }) => registration.id === member);
    requireOurs(record, member, operation.namespace);
  }
  const [writer = ''] = group.members;
  const images = new Map<string, PreImage>();
  const states = new Map<string, ConfigSnapshot>();
  const peers = new Map<string, Peers>();
  for (const member of group.members) {
    const image = await fetchImage(run, member);
    images.set(member, image);
    states.set(member, await run.fetchLayers(member, image.modules, ['memory', 'runtime', 'disk']));
    peers.set(member, (await run.ask(member, (session, limit) => session.fetchFacts(limit))).clusterPeers);
  }
  requireNoOthers(registered, operation.namespace, peers);
  const [image, state] = [images.get(writer), states.get(writer)];
  if (image === undefined || state === undefined)
    throw new ProxywatchError('CONFLICT', `group ${group.id} has no members`);
  const { memory = {} } = state;
  const edits = memoryWords(run.controlOf(writer), applyWrites(image.memory, image.writes), memory);
  if (edits.length > 0) throw changed(writer, edits);
  const members = await Promise.all(
    group.members.map(async (proxyId) => {
      const [own = image, found = state] = [images.get(proxyId), states.get(proxyId)];
      const control = run.controlOf(proxyId);
      const expected = proxyId === writer ? memory : expectedRows(control, own, memory);
      const differing = runtimeWords(control, expected, found.runtime ?? {});
      if (differing.length > 0) throw changed(proxyId, differing);
      const { memory: now = {}, runtime = {}, disk = {} } = found;
      const managed = await engine.store.fetchManagedRows(proxyId, signal);
      return { proxyId, memory: now, runtime, disk, managed, managedAfter: managedBefore(own, managed) };
    }),
  );
  const writes = writesBetween(run.controlOf(writer), memory, image.memory);
  return { writer, modules: image.modules, writes, members };
}

async function fetchImage(run: GroupRun, proxyId: string): Promise<PreImage> {
  const { ofOperation = '' } = run.operation;
  const sealed = await run.engine.store.fetchPreImage(ofOperation, proxyId, run.signal);
  if (sealed !== undefined) return openPreImage(run.engine.secrets, ofOperation, proxyId, sealed, run.signal);
  throw new ProxywatchError('CONFLICT', `the pre-image of ${proxyId} is gone: it is kept for some days only`);
}

/** What others made managed since stays so: only what the operation itself took over or let go of is undone. */
function managedBefore(image: PreImage, now: readonly RowRef[]): readonly RowRef[] {
  const [before, after, held] = [image.managed, image.managedAfter, now].map((rows) => new Set(rows.map(nameOf)));
  const isAdded = (row: RowRef) => after?.has(nameOf(row)) === true && before?.has(nameOf(row)) !== true;
  const isLetGo = (row: RowRef) => after?.has(nameOf(row)) !== true && held?.has(nameOf(row)) !== true;
  return [...now.filter((row) => !isAdded(row)), ...image.managed.filter(isLetGo)];
}

function nameOf({ table, key }: RowRef): string {
  return JSON.stringify([table, key]);
}

function changed(proxyId: string, words: readonly string[]): ProxywatchError {
  return new ProxywatchError('CONFLICT', `${proxyId} was changed since: ${words.join('; ')}`);
}
