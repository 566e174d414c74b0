import { mkdirSync } from 'node:fs';
import { sumOf, ZERO } from '@proxywatch/core/domain/digests/counters';
import type { DigestCounters } from '@proxywatch/core/domain/digests/digest-read';
import { type AdminInterface, openAdminInterface } from '../../../infra/local/lab/admin/admin-interface.ts';
import type { StatsTable } from '../../../infra/local/lab/contract.ts';
import { type LabClock, systemClock } from '../../../infra/local/lab/stats/clock.ts';
import { seedDigests } from '../../../infra/local/lab/stats/digest-seed.ts';
import { createLabStatistics, type LabStatistics } from '../../../infra/local/lab/stats/lab-statistics.ts';
import type { Random } from './random.ts';

const DIGESTS = 16;
const MAX_DIGESTS = 40;
/** How old a proxy is when a scenario begins. */
const AGE_US = { min: 500e6, max: 5_000e6 };

/** Everything that a proxy ever executed, over all lives of its table: what its digest table told right before each began again. */
export interface Truth {
  readonly total: DigestCounters;
  readonly byDigest: ReadonlyMap<string, DigestCounters>;
}

/** A lab proxy without a traffic port: a seeded program executes its digests, and so the truth about it is known. */
export class ChaosProxy {
  readonly id: string;
  readonly #dir: string;
  readonly #random: Random;
  #admin: AdminInterface | undefined;
  #statistics: LabStatistics | undefined;
  #port = 0;
  #bornMs = Number.NEGATIVE_INFINITY;
  #past: Truth = { total: ZERO, byDigest: new Map() };
  /** Called when somebody reads the digest table, before he is answered. */
  onDigestRead: () => void = () => undefined;

  constructor(id: string, dir: string, random: Random) {
    this.id = id;
    this.#dir = dir;
    this.#random = random;
    mkdirSync(dir, { recursive: true });
  }

  get port(): number {
    return this.#port;
  }

  get isUp(): boolean {
    return this.#statistics !== undefined;
  }

  /** Milliseconds since the table began; the first life is old from its beginning. */
  get lifeMs(): number {
    return performance.now() - this.#bornMs;
  }

  get truth(): Truth {
    if (!this.#statistics) return this.#past;
    let total = this.#past.total;
    const byDigest = new Map(this.#past.byDigest);
    for (const row of this.#statistics.digests.rows()) {
      const [digest, executions, timeUs, affected, sent] = [row[4], row[6], row[9], row[12], row[13]];
      const counters = {
        executions: Number(executions),
        timeUs: Number(timeUs),
        rowsAffected: Number(affected),
        rowsSent: Number(sent),
      };
      total = sumOf(total, counters);
      byDigest.set(String(digest), sumOf(byDigest.get(String(digest)) ?? ZERO, counters));
    }
    return { total, byDigest };
  }

  /** The first life: a proxy that has been running for long, with executions that nobody has read yet. */
  async start(): Promise<void> {
    await this.#listen(this.#random.between(AGE_US.min, AGE_US.max));
    this.#seed(DIGESTS, this.#random.between(1_000, 50_000));
  }

  /** Executes some digests, now and then a new one. */
  execute(): void {
    const { digests } = this.#statistics ?? {};
    if (!digests) return;
    if (digests.size === 0 || (digests.size < MAX_DIGESTS && this.#random.chance(0.02))) this.#seed(1, 1);
    for (let n = this.#random.between(1, 6); n > 0; n--) {
      digests.touch(this.#random.between(0, digests.size - 1), {
        timeUs: this.#random.between(0, 20_000),
        rowsAffected: this.#random.between(0, 3),
        rowsSent: this.#random.between(0, 40),
      });
    }
  }

  /** Somebody else empties the table, as `_reset` tables and TRUNCATE do. */
  reset(): void {
    this.#keepPast();
    this.#statistics?.digests.reset();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.#listen(0);
  }

  async stop(): Promise<void> {
    this.#keepPast();
    this.#statistics = undefined;
    await this.#admin?.close();
    this.#admin = undefined;
  }

  #keepPast(): void {
    this.#past = this.truth;
    this.#bornMs = performance.now();
  }

  async #listen(ageUs: number): Promise<void> {
    let aheadUs = 0;
    const clock: LabClock = {
      wallMs: systemClock.wallMs,
      monotonicUs: () => systemClock.monotonicUs() + aheadUs,
    };
    const admin = openAdminInterface({ dataDir: this.#dir, log: () => undefined });
    const statistics = createLabStatistics(admin.runtime, clock);
    aheadUs = ageUs;
    const rowsOf = (table: StatsTable) => {
      if (table === 'stats_mysql_query_digest') this.onDigestRead();
      return statistics.rowsOf(table);
    };
    const { port } = await admin.listen({
      host: '127.0.0.1',
      port: this.#port,
      stats: { ...statistics, rowsOf },
    });
    this.#port = port;
    this.#admin = admin;
    this.#statistics = statistics;
  }

  #seed(count: number, executions: number): void {
    if (this.#statistics) seedDigests(this.#statistics.digests, count, { executions });
  }
}
