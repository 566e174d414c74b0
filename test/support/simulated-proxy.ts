import { encodeDigestKey } from '../../layers/core/src/domain/digests/digest-key.ts';
import type { DigestCounters, DigestRead, DigestRow } from '../../layers/core/src/domain/digests/digest-read.ts';

/** Less than the least time in which 32 bits of executions can be used up. */
const WRAP_S = 60;
const NOTHING: DigestCounters = { executions: 0, timeUs: 0, rowsAffected: 0, rowsSent: 0 };

interface SimulatedRow {
  counters: DigestCounters;
  bornMonoS: number;
  lastMonoS: number;
  /** What ran since the last read that a gateway took over, and since the last one that it stored. */
  sinceTaken: DigestCounters;
  sinceStored: DigestCounters;
}

/**
 * A proxy's digest table with its clocks, as recorded: whole seconds of two clocks recomputed at each read, 32-bit
 * executions, rows that change when a query ends. Beside it, the truth: what a perfect reader would have counted.
 */
export class SimulatedProxy {
  nowS = 1_000_000;
  #suspendedS = 0;
  #wallOffsetS = 700_000_000;
  #startedMonoS = 1_000_000;
  #unique = 0;
  readonly rows = new Map<string, SimulatedRow>();
  /** Everything that reads taken over so far could see. */
  taken = NOTHING;
  /** Whether executions of any row ever began again at zero. */
  hasWrapped = false;
  #stored = NOTHING;

  constructor() {
    this.executeUnique();
  }

  get #monoS(): number {
    return this.nowS - this.#suspendedS;
  }

  get uptimeS(): number {
    return this.#monoS - this.#startedMonoS;
  }

  execute(row: number, client: number, by: DigestCounters): void {
    const digest = `0x${row.toString(16).toUpperCase().padStart(16, '0')}`;
    const key = encodeDigestKey({
      hostgroup: '1',
      schema: 's',
      user: 'u',
      clientAddress: client ? `c${client}` : '',
      digest,
    });
    const held = this.rows.get(key) ?? {
      counters: NOTHING,
      bornMonoS: this.#monoS,
      lastMonoS: 0,
      sinceTaken: NOTHING,
      sinceStored: NOTHING,
    };
    // More than half the 32-bit range between two stored reads cannot be told from a row that fell: hours, not seconds.
    if (held.sinceStored.executions + by.executions >= 2 ** 31) return;
    const counters = add(held.counters, by);
    // Nor can a proxy execute four billion statements in the seconds by which times of birth may be off.
    if (counters.executions >= 2 ** 32 && this.#monoS - held.bornMonoS < WRAP_S) return;
    this.hasWrapped ||= counters.executions >= 2 ** 32;
    this.rows.set(key, {
      counters: { ...counters, executions: counters.executions % 2 ** 32 },
      bornMonoS: held.bornMonoS,
      lastMonoS: this.#monoS,
      sinceTaken: add(held.sinceTaken, by),
      sinceStored: add(held.sinceStored, by),
    });
  }

  truncate(restS: number): void {
    this.rows.clear();
    this.nowS += restS;
    this.executeUnique();
  }

  restart(downS: number): void {
    this.rows.clear();
    this.nowS += downS;
    this.#startedMonoS = this.#monoS;
    this.executeUnique();
  }

  /** A statement that never ran before. Each life of the table begins with one: no two lives hold the same digests. */
  executeUnique(): void {
    this.execute(100 + this.#unique++, 0, { executions: 1, timeUs: 7, rowsAffected: 0, rowsSent: 1 });
  }

  /** Takes out rows that were idle for longer, as newer versions can, while at least one old row works on. */
  purge(idleS: number): void {
    const idleFor = (row: SimulatedRow) => this.#monoS - row.lastMonoS;
    const isOldAndBusy = (row: SimulatedRow) => idleFor(row) <= idleS && this.#monoS - row.bornMonoS > 5000;
    if (![...this.rows.values()].some(isOldAndBusy)) return;
    for (const [key, row] of this.rows) if (idleFor(row) > idleS) this.rows.delete(key);
  }

  stepWallClock(byS: number): void {
    this.#wallOffsetS += byS;
  }

  /** The machine sleeps: its steady clock stands still, the world's does not, and its wall clock is set on waking. */
  suspend(forS: number): void {
    this.nowS += forS;
    this.#suspendedS += forS;
    this.#wallOffsetS += forS;
  }

  /** One statement that takes `tookS`: the copy of the table first, then the two clocks. */
  read(sinceUptimeS: number | undefined, tookS: number): DigestRead {
    const wallAt = () => Math.floor(this.#monoS + this.#wallOffsetS);
    const copyWallS = wallAt();
    const copyMonoS = Math.floor(this.#monoS);
    const copied = [...this.rows].map(([key, row]) => ({
      key,
      counters: row.counters,
      firstSeenS: copyWallS - (copyMonoS - Math.floor(row.bornMonoS)),
      lastSeenS: copyWallS - (copyMonoS - Math.floor(row.lastMonoS)),
    }));
    const uptimeS = Math.floor(this.uptimeS);
    this.nowS += tookS;
    const proxyNowS = wallAt();
    const ageS = sinceUptimeS === undefined ? undefined : uptimeS - sinceUptimeS + 3;
    const rows: DigestRow[] = copied
      .filter((row) => ageS === undefined || proxyNowS - row.lastSeenS <= ageS)
      .map(({ key, counters, firstSeenS, lastSeenS }) => ({
        key,
        counters,
        firstSeenS,
        ...(ageS === undefined && { lastSeenS }),
      }));
    return {
      kind: ageS === undefined ? 'full' : 'changed',
      proxyNowS,
      uptimeS,
      tableRows: copied.length,
      tableSums: copied.reduce((sum, row) => add(sum, row.counters), NOTHING),
      oldestFirstSeenS: copied.length === 0 ? undefined : Math.min(...copied.map((row) => row.firstSeenS)),
      rows,
    };
  }

  markTaken(): void {
    for (const row of this.rows.values()) {
      this.taken = add(this.taken, row.sinceTaken);
      row.sinceTaken = NOTHING;
    }
  }

  markStored(): void {
    this.#stored = this.taken;
    for (const row of this.rows.values()) row.sinceStored = row.sinceTaken;
  }

  /** A reader that starts again from what was stored sees again what rows of the present life hold beyond it. */
  markForgotten(): void {
    this.taken = this.#stored;
    for (const row of this.rows.values()) row.sinceTaken = row.sinceStored;
  }
}

function add(a: DigestCounters, b: DigestCounters): DigestCounters {
  return {
    executions: a.executions + b.executions,
    timeUs: a.timeUs + b.timeUs,
    rowsAffected: a.rowsAffected + b.rowsAffected,
    rowsSent: a.rowsSent + b.rowsSent,
  };
}
