import type { CollectorName } from '@proxywatch/core/domain/scan/collectors';
import { type CollectorRun, NO_LOSSES, type ScanLosses } from '@proxywatch/core/domain/scan/scan-report';
import type { CollectorReport } from './collect.ts';
import type { ScanClock } from './collect-context.ts';

/** How long the collectors of one run took, and what they could not keep. */
export class Ledger {
  readonly #clock: ScanClock;
  readonly #losses = new Map<CollectorName, ScanLosses>();
  readonly #took = new Map<CollectorName, Pick<CollectorRun, 'endedAtMs' | 'durationMs'>>();

  constructor(clock: ScanClock) {
    this.#clock = clock;
  }

  count(name: CollectorName, { dropped = 0, truncated = 0, evicted = 0 }: Partial<ScanLosses>): void {
    const before = this.#losses.get(name) ?? NO_LOSSES;
    this.#losses.set(name, {
      dropped: before.dropped + dropped,
      truncated: before.truncated + truncated,
      evicted: before.evicted + evicted,
    });
  }

  async timed<T>(name: CollectorName, work: () => Promise<T>): Promise<T> {
    const startedMs = this.#clock.nowMs();
    try {
      return await work();
    } finally {
      const durationMs = Math.round(this.#clock.nowMs() - startedMs);
      this.#took.set(name, { endedAtMs: Math.round(this.#clock.wallMs()), durationMs });
    }
  }

  /** Those that were left out took no time. */
  runOf(report: CollectorReport): CollectorRun {
    const took = this.#took.get(report.name) ?? { endedAtMs: Math.round(this.#clock.wallMs()), durationMs: 0 };
    return { ...report, ...took, ...(this.#losses.get(report.name) ?? NO_LOSSES) };
  }
}
