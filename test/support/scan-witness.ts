import { setImmediate as turn } from 'node:timers/promises';
import type { CollectorName } from '@proxywatch/core/domain/scan/collectors';
import type { StatusRecord } from '@proxywatch/core/domain/scan/scan-record';
import { schemaNameOf } from '@proxywatch/core/domain/scan/schema-name';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import type { RedisClient } from '@proxywatch/core/drivers/redis/redis-client';
import { fetchStatuses } from '@proxywatch/core/drivers/scan/redis-sink';
import { scanKeysOf } from '@proxywatch/core/drivers/scan/scan-keys';
import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise';
import { followTopic } from '../../infra/local/tail/follow-topic.ts';
import type { LocalRun } from './local-run.ts';
import { until } from './until.ts';

export const LABS = ['lab-1', 'lab-2', 'lab-3'] as const;
export type LabName = (typeof LABS)[number];
type ByLab<T> = Readonly<Record<LabName, T>>;
type Event = Readonly<Record<string, unknown>>;

/** Statements of a proxy, summed up; time in microseconds. */
export interface Sums {
  readonly executions: number;
  readonly timeUs: number;
  readonly rowsSent: number;
  readonly rowsAffected: number;
}

const TOPICS = ['slowSql', 'slowTransactions', 'keyLogs'] as const;
const TICKS_TIMEOUT_MS = 60_000;

/** What the sinks of a local run's scanner hold, and what its gateways say. */
export class ScanWitness {
  readonly #run: LocalRun;
  readonly #db: Pool;
  readonly #redis: RedisClient;
  readonly #events = new Map<CollectorName, Event[]>(TOPICS.map((name) => [name, []]));
  readonly #ending = new AbortController();
  readonly #following: Promise<unknown>;

  constructor(run: LocalRun) {
    this.#run = run;
    const { DCDB_URL = '', REDIS_URL = '', KAFKA_BROKERS = '' } = run.env();
    this.#db = createPool({ uri: DCDB_URL, timezone: 'Z', supportBigNumbers: true });
    this.#redis = createRedis(REDIS_URL);
    const follow = (name: CollectorName, events: Event[]) =>
      followTopic({
        brokers: KAFKA_BROKERS.split(','),
        topic: schemaNameOf(name),
        fromBeginning: true,
        signal: this.#ending.signal,
        onValue: (value) => void events.push(JSON.parse(value)),
        onNote: () => undefined,
      });
    this.#following = Promise.all(this.#events.entries().map(([name, events]) => follow(name, events)));
  }

  /** Everything that Kafka was given so far, in the order of each proxy. */
  events(topic: (typeof TOPICS)[number]): readonly Event[] {
    return this.#events.get(topic) ?? [];
  }

  async rows(sql: string, values: readonly (string | number)[] = []): Promise<readonly RowDataPacket[]> {
    return (await this.#db.query<RowDataPacket[]>(sql, [...values]))[0];
  }

  statuses(): Promise<ReadonlyMap<string, StatusRecord>> {
    return fetchStatuses(this.#redis, LABS);
  }

  /** Waits until each proxy was scanned so many times from beginning to end, and all sinks have what was found. */
  async scans(atLeast: number): Promise<void> {
    const seen = new Map(LABS.map((lab) => [lab, new Set<unknown>()]));
    const isOver = async () => {
      for (const lab of LABS) seen.get(lab)?.add(await this.#tokenOf(lab));
      // The first run that is seen began before, and the last one has just begun.
      return [...seen.values()].every(({ size }) => size >= atLeast + 2) && !(await this.isPending());
    };
    await until(`each proxy was scanned ${atLeast} times`, isOver, TICKS_TIMEOUT_MS);
  }

  /** Whether something was read that is not in all of its sinks yet. */
  async isPending(): Promise<boolean> {
    const found = await Promise.all(LABS.map((lab) => this.#redis.call('EXISTS', [scanKeysOf(lab).outbox])));
    return found.some((exists) => exists === 1);
  }

  /** Waits for a moment between persisting what was found and having it in all sinks. */
  async untilPending(): Promise<void> {
    const giveUp = AbortSignal.timeout(TICKS_TIMEOUT_MS);
    // Such a moment is short: no pause between two looks.
    while (!(await this.isPending())) {
      giveUp.throwIfAborted();
      await turn();
    }
  }

  /**
   * What gateways show and sql_stats holds of all statements, once both know of everything until now; to be asked while
   * traffic rests.
   */
  async sums(): Promise<{ readonly shown: ByLab<Sums>; readonly stored: ByLab<Sums> }> {
    await Promise.all([this.#collects(2), this.scans(1)]);
    return { shown: await this.#shown(), stored: await this.#stored() };
  }

  /** All rows of sql_stats, the rest included. */
  async #stored(): Promise<ByLab<Sums>> {
    const rows = await this.rows(
      `SELECT proxy, SUM(executions) executions, SUM(time_us) timeUs, SUM(rows_sent) rowsSent,
         SUM(rows_affected) rowsAffected FROM sql_stats GROUP BY proxy`,
    );
    const of = (lab: LabName) => rows.find(({ proxy }) => proxy === lab);
    return byLab((lab) => sumsOf((name) => Number(of(lab)?.[name] ?? 0)));
  }

  /** Waits until gateways have read each proxy so many times anew. */
  async #collects(atLeast: number): Promise<void> {
    const seen = new Map(LABS.map((lab) => [lab, new Set<number>()]));
    const isOver = async () => {
      for (const lab of LABS) seen.get(lab)?.add((await this.#page(lab))('dbproxy_last_collect_timestamp_seconds'));
      return [...seen.values()].every(({ size }) => size > atLeast);
    };
    await until(`gateways read each proxy ${atLeast} times`, isOver, TICKS_TIMEOUT_MS);
  }

  async #shown(): Promise<ByLab<Sums>> {
    const pages = new Map(await Promise.all(LABS.map(async (lab) => [lab, await this.#page(lab)] as const)));
    return byLab((lab) => {
      const sum = (metric: string) => pages.get(lab)?.(metric) ?? Number.NaN;
      return {
        executions: sum('dbproxy_sql_all_executions_total'),
        timeUs: sum('dbproxy_sql_all_duration_seconds_total'),
        rowsSent: sum('dbproxy_sql_all_rows_sent_total'),
        rowsAffected: sum('dbproxy_sql_all_rows_affected_total'),
      };
    });
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await Promise.all([this.#following, this.#db.end(), this.#redis.close()]);
  }

  /** Values of a proxy's page by metric; seconds, of which pages print six decimals, as microseconds. */
  async #page(lab: LabName): Promise<(metric: string) => number> {
    let page = '';
    // A proxy that is being handed over has no owner for a moment.
    await until(`${lab} has an owner`, async () => {
      const answer = await fetch(`${this.#run.env().GATEWAY_URL}/metrics?proxy=${lab}`);
      page = await answer.text();
      if (!answer.ok && answer.status !== 503) throw new Error(`the gateway answered ${answer.status} for ${lab}`);
      return answer.ok;
    });
    return (metric) => Number(new RegExp(`^${metric}\\{.*\\} (.*)$`, 'm').exec(page)?.[1]?.replace('.', ''));
  }

  /** Each run has its own. */
  #tokenOf(lab: LabName): Promise<unknown> {
    return this.#redis.call('GET', [scanKeysOf(lab).fence]);
  }
}

/** What came in between. */
export function increases(from: ByLab<Sums>, to: ByLab<Sums>): ByLab<Sums> {
  return byLab((lab) => sumsOf((name) => to[lab][name] - from[lab][name]));
}

function sumsOf(value: (name: keyof Sums) => number): Sums {
  return {
    executions: value('executions'),
    timeUs: value('timeUs'),
    rowsSent: value('rowsSent'),
    rowsAffected: value('rowsAffected'),
  };
}

function byLab<T>(value: (lab: LabName) => T): ByLab<T> {
  return { 'lab-1': value('lab-1'), 'lab-2': value('lab-2'), 'lab-3': value('lab-3') };
}
