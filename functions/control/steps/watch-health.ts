import { type HealthFigures, healthProblems } from '@proxywatch/core/domain/control/health';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { GroupRun } from '../group-run.ts';

/** Watches the members for a while after the change; any of them that fares worse than before fails the group. */
export async function watchHealth(run: GroupRun): Promise<void> {
  const { clock, times } = run.engine;
  const { windowMs } = run.operation.strategy.health;
  const untilMs = clock.nowMs() + windowMs;
  await requireHealth(run);
  while (clock.nowMs() < untilMs) {
    await run.wait(Math.min(times.healthPollMs, untilMs - clock.nowMs()));
    await requireHealth(run);
  }
  await run.record('health', run.group.pending, {
    events: [{ severity: 'info', message: `healthy for ${Math.round(windowMs / 1_000)} s` }],
  });
}

/** Throws UNPROCESSABLE with what is worse than before the change. */
export async function requireHealth(run: GroupRun): Promise<void> {
  const { health: before = {} } = run.group.pending;
  const { health: limits } = run.operation.strategy;
  const problems = await Promise.all(
    Object.entries(before).map(async ([proxyId, figures]) => {
      const now: HealthFigures = await run.ask(proxyId, (session, limit) => session.fetchHealth(limit));
      return healthProblems(figures, now, limits).map((words) => `${proxyId}: ${words}`);
    }),
  );
  if (problems.flat().length > 0)
    throw new ProxywatchError('UNPROCESSABLE', `not healthy: ${problems.flat().join('; ')}`);
}
