import type { ConfigModule, ConfigTable, LayerRows, RowWrite } from './config-rows.ts';
import type { HealthFigures } from './health.ts';

/** A row by the identity under which Proxywatch remembers it. */
export interface RowRef {
  readonly table: ConfigTable;
  readonly key: string;
}

/**
 * What a member of a group was before an operation, and what the operation makes of it: all that it takes to go on, or
 * back, after a death. Holds credentials: kept sealed.
 */
export interface PreImage {
  readonly version: 1;
  /** Modules that are written, in the order of their LOADs; the layers have the tables of these. */
  readonly modules: readonly ConfigModule[];
  readonly memory: LayerRows;
  readonly runtime: LayerRows;
  readonly disk: LayerRows;
  /** Of the whole group; done at its writer. */
  readonly writes: readonly RowWrite[];
  /** Rows that were Proxywatch's before, and those that are after it. */
  readonly managed: readonly RowRef[];
  readonly managedAfter: readonly RowRef[];
}

/** What a group's steps tell each other over a death; without secrets. */
export interface Pending {
  /** Member that is written. */
  readonly writer?: string;
  /** Counters just before the first write, by member. */
  readonly health?: Readonly<Record<string, HealthFigures>>;
  /** Epoch milliseconds. */
  readonly pauseUntilMs?: number;
}

export interface OperationEvent {
  readonly groupId?: string;
  readonly proxyId?: string;
  readonly severity: 'info' | 'warning' | 'error';
  /** For people, without secrets. */
  readonly message: string;
}
