import { expect } from '@jest/globals';
import { type DigestTruth, fetchDigests, lab } from './lab-truth.ts';
import type { LocalRun } from './local-run.ts';
import { type PrometheusSample, queryPrometheus } from './prometheus.ts';
import { until } from './until.ts';

const EXECUTIONS = 'dbproxy_sql_executions_total';
const LABS = [1, 2, 3] as const;

/** A local run and what is known of its truth: what tables had counted before they began again. */
export class Witness {
  readonly #run: LocalRun;
  readonly #counted = new Map<string, number>();

  constructor(run: LocalRun) {
    this.#run = run;
  }

  adminPort(number: number): number {
    return Number(this.#run.settings.LAB_PORT) + 10 * (number - 1);
  }

  lab(...args: readonly string[]): Promise<void> {
    return lab({ ...process.env, ...this.#run.env(), LOCAL_DIR: this.#run.settings.LOCAL_DIR }, ...args);
  }

  query(text: string): Promise<readonly PrometheusSample[]> {
    return queryPrometheus(this.#run.env().SKYEYE_URL ?? '', text);
  }

  /** Waits until each proxy has as many digests as a table of a running shop. */
  async untilBusy(): Promise<void> {
    const isBusy = async () => {
      const counts = await this.query(`count by (proxy) (${EXECUTIONS})`);
      return counts.length === LABS.length && counts.every(({ value }) => value > 100);
    };
    await until('each proxy has 100 digests', isBusy, 60_000);
  }

  /** Traffic rests, and two scrapes of each proxy have come since. */
  async pause(): Promise<void> {
    await this.lab('pause');
    const pausedS = Date.now() / 1000;
    const query = `min(count_over_time(dbproxy_last_collect_timestamp_seconds[1m]) * 0 + last_over_time(dbproxy_last_collect_timestamp_seconds[1m]))`;
    const oldest = async () => (await this.query(query))[0]?.value ?? 0;
    await until('a first scrape after the pause', async () => (await oldest()) > pausedS, 30_000);
    const first = await oldest();
    await until('a second scrape after the pause', async () => (await oldest()) > first, 30_000);
  }

  /** To be called while traffic rests, right before a table begins again. */
  async remember(number: number): Promise<void> {
    for (const row of await fetchDigests(this.adminPort(number))) this.#count(keyOf(number, row), row.executions);
  }

  /** Compares what Prometheus stored with the admin ports, to the execution. */
  async compare(): Promise<void> {
    for (const number of LABS) {
      const proxy = `lab-${number}`;
      const truth = new Map(this.#counted.entries().filter(([key]) => key.startsWith(`["${proxy}"`)));
      for (const row of await fetchDigests(this.adminPort(number))) {
        const key = keyOf(number, row);
        truth.set(key, (truth.get(key) ?? 0) + row.executions);
      }
      const stored = await this.query(`${EXECUTIONS}{proxy="${proxy}",digest!="__other__"}`);
      expect(Object.fromEntries(stored.map(({ labels, value }) => [keyOf(number, labels), value]))).toEqual(
        Object.fromEntries(truth),
      );
      const total = [...truth.values()].reduce((sum, value) => sum + value, 0);
      const [all] = await this.query(`dbproxy_sql_all_executions_total{proxy="${proxy}"}`);
      expect([proxy, all?.value]).toEqual([proxy, total]);
    }
  }

  #count(key: string, executions: number): void {
    this.#counted.set(key, (this.#counted.get(key) ?? 0) + executions);
  }
}

function keyOf(lab: number, labels: { readonly [label in keyof DigestTruth]?: unknown }): string {
  return JSON.stringify([`lab-${lab}`, labels.hostgroup, labels.schema, labels.user, labels.digest]);
}
