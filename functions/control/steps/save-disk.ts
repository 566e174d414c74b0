import { CONFIG_TABLES } from '@proxywatch/core/domain/control/config-rows';
import { tablesOfModules } from '@proxywatch/core/domain/control/row-writes';
import { memoryWords } from '../compare-group.ts';
import type { GroupRun } from '../group-run.ts';
import { writerOf } from '../writer-of.ts';
import { refuseEdits } from './load-runtime.ts';

/** Makes the change outlive a restart, and the rows Proxywatch's. The group is done then. */
export async function saveDisk(run: GroupRun): Promise<void> {
  const writer = writerOf(run);
  const { modules } = await run.preImageOf(writer);
  for (const module of modules) {
    const found = await run.fetchLayers(writer, [module], ['memory', 'disk']);
    await refuseEdits(run, writer, module, found);
    const { memory = {}, disk = {} } = found;
    if (run.isTakenUp && memoryWords(run.controlOf(writer), memory, disk).length === 0) continue;
    await run.change(writer, (session, limit) => session.save(module, limit));
    await run.note('info', `${module} is saved to disk`, writer);
  }
  for (const member of run.group.members) if (member !== writer) await savePeer(run, member);
  const checksums = await Promise.all(run.group.members.map((member) => checksumsOf(run, member)));
  const managed = await Promise.all(
    run.group.members.map(async (proxyId) => {
      const image = await run.preImageOf(proxyId);
      return { proxyId, tables: CONFIG_TABLES, rows: image.managedAfter };
    }),
  );
  await run.record('save', run.group.pending, {
    state: 'done',
    managed,
    checksums: checksums.flat(),
    events: [{ severity: 'info', message: `done: ${run.group.members.join(', ')}` }],
  });
}

/** A peer saves what it pulled by itself, unless it is set not to. */
async function savePeer(run: GroupRun, proxyId: string): Promise<void> {
  const { modules } = await run.preImageOf(proxyId);
  const { memory = {}, disk = {} } = await run.fetchLayers(proxyId, modules, ['memory', 'disk']);
  for (const module of modules) {
    const words = memoryWords(
      run.controlOf(proxyId),
      tablesOfModules(memory, [module]),
      tablesOfModules(disk, [module]),
    );
    if (words.length === 0) continue;
    await run.change(proxyId, (session, limit) => session.save(module, limit));
    await run.note('info', `${module} is saved to disk`, proxyId);
  }
}

export async function checksumsOf(run: GroupRun, proxyId: string) {
  const { checksums } = await run.ask(proxyId, (session, limit) => session.fetchFacts(limit));
  return checksums.map(({ name, checksum }) => ({ proxyId, module: name, checksum }));
}
