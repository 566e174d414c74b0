import type { Row } from '../contract.ts';
import { GLOBAL_STATUS_NAMES, type GlobalStatusName } from './global-status-names.ts';

/** What is not counted but looked up at each read, such as connections open now. */
export type GlobalGauges = Partial<Record<GlobalStatusName, number | string>>;

/** The counters of `stats_mysql_global`. */
export class GlobalStatus {
  readonly #counters = new Map<GlobalStatusName, number>();

  add(name: GlobalStatusName, by = 1): void {
    this.#counters.set(name, (this.#counters.get(name) ?? 0) + by);
  }

  *rows(gauges: GlobalGauges): Generator<Row> {
    for (const name of GLOBAL_STATUS_NAMES) yield [name, String(gauges[name] ?? this.#counters.get(name) ?? 0)];
  }

  clear(): void {
    this.#counters.clear();
  }
}
