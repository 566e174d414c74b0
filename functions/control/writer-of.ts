import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { GroupRun } from './group-run.ts';

/** Member that is written, as the guard decided. */
export function writerOf({ group }: GroupRun): string {
  const { writer } = group.pending;
  if (writer === undefined) throw new ProxywatchError('RECORD_DAMAGED', `group ${group.id} has no writer`);
  return writer;
}
