import type { ConfigModule, LayerRows } from '@proxywatch/core/domain/control/config-rows';
import { tablesOfModules } from '@proxywatch/core/domain/control/row-writes';
import { memoryWords, runtimeWords, wantedMemory } from './compare-group.ts';
import { beforeRows } from './expected-rows.ts';
import type { GroupRun } from './group-run.ts';

/** Has a member run what it ran before; what runs already is left alone. */
export async function restoreRuntime(run: GroupRun, proxyId: string): Promise<void> {
  const control = run.controlOf(proxyId);
  const image = await run.preImageOf(proxyId);
  const before = beforeRows(control, image);
  for (const module of image.modules) {
    const { memory = {}, runtime = {} } = await run.fetchLayers(proxyId, [module], ['memory', 'runtime']);
    const rows = tablesOfModules(before, [module]);
    if (runtimeWords(control, rows, runtime).length === 0) continue;
    await sayWhatIsLost(run, proxyId, module, memory);
    if (memoryWords(control, rows, memory).length > 0) await replace(run, proxyId, module, rows);
    await run.change(proxyId, (session, limit) => session.load(module, limit));
    await run.note('info', `${module} runs as before again`, proxyId);
  }
}

/** What is being edited, and what a restart would find, as before. */
export async function restoreRest(run: GroupRun, proxyId: string): Promise<void> {
  const control = run.controlOf(proxyId);
  const image = await run.preImageOf(proxyId);
  for (const module of image.modules) {
    const [memory, disk] = [tablesOfModules(image.memory, [module]), tablesOfModules(image.disk, [module])];
    const found = await run.fetchLayers(proxyId, [module], ['memory', 'disk']);
    const isAsBefore = (rows: LayerRows, now: LayerRows = {}) => memoryWords(control, rows, now).length === 0;
    let current = found.memory;
    if (!isAsBefore(disk, found.disk)) {
      // Disk is written from memory: what it had for itself goes that way.
      if (!isAsBefore(disk, current)) await replace(run, proxyId, module, disk);
      await run.change(proxyId, (session, limit) => session.save(module, limit));
      current = disk;
      await run.note('info', `${module} is on disk as before again`, proxyId);
    }
    if (!isAsBefore(memory, current)) await replace(run, proxyId, module, memory);
  }
}

function replace(run: GroupRun, proxyId: string, module: ConfigModule, rows: LayerRows): Promise<void> {
  return run.change(proxyId, (session, limit) => session.replace(module, rows, limit));
}

/** Somebody's edits that were not loaded are neither as before nor ours. */
async function sayWhatIsLost(run: GroupRun, proxyId: string, module: ConfigModule, found: LayerRows): Promise<void> {
  const control = run.controlOf(proxyId);
  const { memory } = await run.preImageOf(proxyId);
  const wanted = tablesOfModules(await wantedMemory(run, proxyId), [module]);
  const isOurs = memoryWords(control, wanted, found).length === 0;
  const before = memoryWords(control, tablesOfModules(memory, [module]), found, 'the pre-image');
  if (isOurs || before.length === 0) return;
  await run.note(
    'warning',
    `its memory is replaced by the pre-image, with what was in it: ${before.join('; ')}`,
    proxyId,
  );
}
