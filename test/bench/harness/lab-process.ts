// Lab proxies whose digests a benchmark sets, in a process of their own: `lab-process.ts <proxies> <digests> <length of texts>`, forked by
// lab.ts. Sends { ports }; on { touch } executes so many digests of each proxy once, always the same ones, and sends
// { touched }; ends when its parent does.
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAdminInterface } from '../../../infra/local/lab/admin/admin-interface.ts';
import type { LabStats, Row } from '../../../infra/local/lab/contract.ts';
import { type LabClock, systemClock } from '../../../infra/local/lab/stats/clock.ts';
import { seedDigests, touchDigests } from '../../../infra/local/lab/stats/digest-seed.ts';
import { createLabStatistics, type LabStatistics } from '../../../infra/local/lab/stats/lab-statistics.ts';
import { guardPath, releasePath } from '../../../infra/local/services/watchdog.ts';

/** How long ago the digests were born and last executed when a benchmark begins. */
const AGE_US = 600e6;
/** The proxies' time runs on by so much before and after executions: rounds come as if every 15 s, and nobody waits. */
const BEFORE_US = 10e6;
const AFTER_US = 5e6;
const COMMANDS = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'BEGIN', 'COMMIT', 'ROLLBACK', 'SET'];

const [proxies = 0, digests = 0, textLength = 0] = process.argv.slice(2).map(Number);
const dir = join(tmpdir(), `proxywatch-bench-lab-${process.pid}`);
guardPath(dir);
mkdirSync(dir, { mode: 0o700 });

let aheadUs = 0;
const clock: LabClock = { wallMs: systemClock.wallMs, monotonicUs: () => systemClock.monotonicUs() + aheadUs };
const labs = Array.from({ length: proxies }, (_, index) => {
  const dataDir = join(dir, String(index));
  mkdirSync(dataDir);
  const admin = openAdminInterface({ dataDir, log: () => undefined });
  const statistics = createLabStatistics(admin.runtime, clock);
  seedDigests(statistics.digests, digests, { seed: index + 1, executions: 10_000, textLength });
  for (const [i, command] of COMMANDS.entries()) statistics.commands.record(command, 10 ** (i % 6));
  return { admin, statistics };
});
aheadUs = AGE_US;

const ports: number[] = [];
for (const { admin, statistics } of labs) {
  const { port } = await admin.listen({ host: '127.0.0.1', port: 0, stats: withBackends(statistics) });
  ports.push(port);
}
process.on('message', ({ touch }: { touch: number }) => {
  aheadUs += BEFORE_US;
  for (const { statistics } of labs) {
    touchDigests(statistics.digests, touch);
    for (const command of COMMANDS) statistics.commands.record(command, 700);
  }
  aheadUs += AFTER_US;
  process.send?.({ touched: true });
});
process.on('disconnect', () => {
  rmSync(dir, { recursive: true, force: true });
  releasePath(dir);
  process.exit();
});
process.send?.({ ports });

function withBackends(statistics: LabStatistics): LabStats {
  return {
    ...statistics,
    rowsOf: (table) => (table === 'stats_mysql_connection_pool' ? backends() : statistics.rowsOf(table)),
  };
}

function* backends(): Generator<Row> {
  const queries = Math.floor(clock.monotonicUs() / 1_000);
  for (const [hostgroup, host] of [
    [10, 'db-1'],
    [20, 'db-1'],
    [20, 'db-2'],
    [20, 'db-3'],
  ] as const) {
    yield [hostgroup, host, 3306, 'ONLINE', 7, 23, 1_200, 3, 30, queries, 0, queries * 90, queries * 400, 380];
  }
}
