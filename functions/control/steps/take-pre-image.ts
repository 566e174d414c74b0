import type { HealthFigures } from '@proxywatch/core/domain/control/health';
import type { GroupRun } from '../group-run.ts';
import { sealPreImage } from '../pre-image.ts';
import { fetchIntent } from './guard.ts';

/** Keeps what all members are before the first of them is written, and what is going to be written. */
export async function takePreImage(run: GroupRun): Promise<void> {
  const { engine, operation, signal } = run;
  // Somebody else's guard was some time ago.
  const { writer, modules, writes, members } = run.intent ?? (await fetchIntent(run));
  const preImages = await Promise.all(
    members.map(async ({ proxyId, memory, runtime, disk, managed, managedAfter }) => {
      const image = { version: 1 as const, modules, memory, runtime, disk, writes, managed, managedAfter };
      const sealed = await sealPreImage(engine.secrets, operation.id, proxyId, image, signal);
      return { proxyId, sealed, ttlMs: engine.times.preImageTtlMs };
    }),
  );
  const readings = await Promise.all(
    members.map(async ({ proxyId }): Promise<[string, HealthFigures]> => {
      const reading = await run.ask(proxyId, (session, limit) => session.fetchHealth(limit));
      const { uptimeS, accessDenied, backendConnectionsFailed, backendErrors, servers } = reading;
      return [proxyId, { uptimeS, accessDenied, backendConnectionsFailed, backendErrors, servers }];
    }),
  );
  await run.record(
    'pre-image',
    { ...run.group.pending, writer, health: Object.fromEntries(readings) },
    {
      preImages,
      events: [{ severity: 'info', message: `pre-images of ${members.length} proxies are kept, encrypted` }],
    },
  );
}
