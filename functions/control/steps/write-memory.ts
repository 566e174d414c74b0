import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { memoryWords, wantedMemory } from '../compare-group.ts';
import type { GroupRun } from '../group-run.ts';
import { writerOf } from '../writer-of.ts';

/**
 * Changes the writer's memory. It is changed wholly or not at all, so that after a death a look tells which; anything else
 * that is found there is somebody's edit.
 */
export async function writeMemory(run: GroupRun): Promise<void> {
  const writer = writerOf(run);
  const control = run.controlOf(writer);
  const { modules, memory: before, writes } = await run.preImageOf(writer);
  const wanted = await wantedMemory(run, writer);
  const fetchMemory = async () => (await run.fetchLayers(writer, modules, ['memory'])).memory ?? {};
  const found = writes.length === 0 ? wanted : await fetchMemory();
  const isWritten = memoryWords(control, wanted, found).length === 0;
  if (!isWritten) {
    const edits = memoryWords(control, before, found, 'the pre-image');
    if (edits.length > 0) throw new ProxywatchError('CONFLICT', `${writer} was changed meanwhile: ${edits.join('; ')}`);
    await run.change(writer, (session, limit) => session.write(writes, limit));
    const missing = memoryWords(control, wanted, await fetchMemory());
    if (missing.length > 0) {
      throw new ProxywatchError('UNPROCESSABLE', `${writer} did not take all that was written: ${missing.join('; ')}`);
    }
  }
  const message = `${writes.length} rows of ${modules.join(', ')} are written to memory`;
  await run.record('write', run.group.pending, {
    events: writes.length === 0 ? [] : [{ severity: 'info', proxyId: writer, message }],
  });
}
