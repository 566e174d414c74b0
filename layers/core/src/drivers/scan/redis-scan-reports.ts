import { COLLECTORS, type CollectorName } from '../../domain/scan/collectors.ts';
import type { CollectorRun, ScanReport, ScanVisit } from '../../domain/scan/scan-report.ts';
import type { ScanReports } from '../../ports/scan-reports.ts';
import type { RedisClient } from '../redis/redis-client.ts';
import { scanReportKeyOf } from './scan-keys.ts';

/** Proxies asked for at once: they live on different nodes of a cluster. */
const READS_AT_ONCE = 50;
/** Messages of errors are for people; a proxy may put anything into them. */
const MAX_MESSAGE = 300;

/** Reports in one hash of Redis per proxy: `visit`, and for each collector `<name>` and `<name>:ok`, when it last ran through. */
export function createRedisScanReports(redis: RedisClient): ScanReports {
  return {
    async note(proxyId, visit, collectors, signal) {
      const fields = collectors.flatMap((run) => [
        run.name,
        JSON.stringify(shortened(run)),
        ...(run.problem === undefined ? [`${run.name}:ok`, run.endedAtMs] : []),
      ]);
      const args = [scanReportKeyOf(proxyId), 'visit', JSON.stringify(shortened(visit)), ...fields];
      await redis.call('HSET', args, { signal });
    },
    async fetchReports(proxyIds, signal) {
      const reports = new Map<string, ScanReport>();
      const queue = proxyIds.values();
      async function work(): Promise<void> {
        for (const id of queue) {
          const report = reportOf(await redis.call('HGETALL', [scanReportKeyOf(id)], { signal }));
          if (report !== undefined) reports.set(id, report);
        }
      }
      await Promise.all(Array.from({ length: Math.min(READS_AT_ONCE, proxyIds.length) }, work));
      return reports;
    },
  };
}

function shortened<T extends CollectorRun | ScanVisit>(run: T): T {
  if (run.problem === undefined) return run;
  return { ...run, problem: { ...run.problem, message: run.problem.message.slice(0, MAX_MESSAGE) } };
}

function reportOf(reply: unknown): ScanReport | undefined {
  const fields = fieldsOf(reply);
  if (fields.size === 0) return undefined;
  const collectors = new Map<CollectorName, CollectorRun & { readonly succeededAtMs: number | undefined }>();
  for (const name of COLLECTORS) {
    const run = parsed<CollectorRun>(fields.get(name), ['endedAtMs', 'durationMs', 'records']);
    const succeededAtMs = Number(fields.get(`${name}:ok`) ?? Number.NaN);
    if (run === undefined) continue;
    collectors.set(name, { ...run, name, succeededAtMs: Number.isFinite(succeededAtMs) ? succeededAtMs : undefined });
  }
  return { visit: parsed<ScanVisit>(fields.get('visit'), ['tickMs', 'endedAtMs', 'durationMs']), collectors };
}

/** RESP2 answers a list, RESP3 may answer an object. */
function fieldsOf(reply: unknown): ReadonlyMap<string, string> {
  if (Array.isArray(reply)) {
    const fields = new Map<string, string>();
    for (let i = 0; i + 1 < reply.length; i += 2) fields.set(String(reply[i]), String(reply[i + 1]));
    return fields;
  }
  return new Map(Object.entries(reply ?? {}).map(([name, value]) => [name, String(value)]));
}

/** Undefined for what cannot be read: the next run writes it anew. */
function parsed<T>(text: string | undefined, numbers: readonly (keyof T & string)[]): T | undefined {
  if (text === undefined) return undefined;
  try {
    const value = JSON.parse(text);
    return numbers.every((name) => typeof value?.[name] === 'number') ? value : undefined;
  } catch {
    return undefined;
  }
}
