import type { ConfigModule, ConfigSnapshot } from '@proxywatch/core/domain/control/config-rows';
import { tablesOfModules } from '@proxywatch/core/domain/control/row-writes';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { memoryWords, runtimeWords, wantedMemory } from '../compare-group.ts';
import type { GroupRun } from '../group-run.ts';
import { writerOf } from '../writer-of.ts';

/** Has the writer run what is in its memory, one LOAD of each module; after a death only of those that do not run yet. */
export async function loadRuntime(run: GroupRun): Promise<void> {
  const writer = writerOf(run);
  const { modules, runtime: before } = await run.preImageOf(writer);
  for (const module of modules) {
    // As late as can be: a LOAD takes along whatever is in memory.
    const found = await run.fetchLayers(writer, [module], ['memory', 'runtime']);
    await refuseEdits(run, writer, module, found);
    if (run.isTakenUp && isLoaded(run, writer, module, found, before)) continue;
    await run.change(writer, (session, limit) => session.load(module, limit));
    await run.note('info', `${module} is loaded`, writer);
  }
  await run.record('load', run.group.pending);
}

export async function refuseEdits(
  run: GroupRun,
  writer: string,
  module: ConfigModule,
  found: ConfigSnapshot,
): Promise<void> {
  const wanted = tablesOfModules(await wantedMemory(run, writer), [module]);
  const edits = memoryWords(run.controlOf(writer), wanted, found.memory ?? {});
  if (edits.length === 0) return;
  throw new ProxywatchError('CONFLICT', `${writer} was changed by somebody else meanwhile: ${edits.join('; ')}`);
}

function isLoaded(
  run: GroupRun,
  writer: string,
  module: ConfigModule,
  found: ConfigSnapshot,
  before: ConfigSnapshot['runtime'],
): boolean {
  const control = run.controlOf(writer);
  const { memory = {}, runtime = {} } = found;
  const isAsBefore = memoryWords(control, tablesOfModules(before ?? {}, [module]), runtime).length === 0;
  return !isAsBefore && runtimeWords(control, memory, runtime).length === 0;
}
