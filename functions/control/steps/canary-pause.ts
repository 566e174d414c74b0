import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { GroupRun } from '../group-run.ts';
import { Interrupted } from '../interruption.ts';
import { unsettledWords } from '../settle.ts';
import { writerOf } from '../writer-of.ts';
import { look } from './read-back.ts';
import { requireHealth } from './watch-health.ts';

/** A canary runs the change for a while before a restart could find it, and before anybody else gets it. */
export async function canaryPause(run: GroupRun): Promise<void> {
  const { operation, group, engine } = run;
  const { groups, pauseMs } = operation.strategy.canary;
  if (group.position < groups && pauseMs > 0) {
    const pauseUntilMs = group.pending.pauseUntilMs ?? engine.clock.nowMs() + pauseMs;
    if (group.pending.pauseUntilMs === undefined) {
      const message = `canary: nothing is saved until ${new Date(pauseUntilMs).toISOString()}`;
      await run.save({ pending: { ...group.pending, pauseUntilMs }, events: [{ severity: 'info', message }] });
    }
    const leftMs = pauseUntilMs - engine.clock.nowMs();
    if (leftMs > engine.times.longestWaitMs) throw new Interrupted('later', '', leftMs);
    if (leftMs > 0) await run.wait(leftMs);
    await requireStillThere(run);
  }
  await run.record('pause', run.group.pending);
}

/** Long after the read-back somebody may have loaded something else, here or on a peer. */
async function requireStillThere(run: GroupRun): Promise<void> {
  await requireHealth(run);
  const { modules } = await run.preImageOf(writerOf(run));
  const unsettled = modules.length === 0 ? new Map() : await look(run);
  if (unsettled.size > 0)
    throw new ProxywatchError('CONFLICT', `changed during the pause: ${unsettledWords(unsettled)}`);
}
