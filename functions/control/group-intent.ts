import type { ConfigModule, LayerRows, RowWrite } from '@proxywatch/core/domain/control/config-rows';
import type { RowRef } from '@proxywatch/core/domain/control/group-work';

/** What is to be done to a sync group, and what its members were when that was found out. */
export interface GroupIntent {
  /** Member that is written; the others pull from it. */
  readonly writer: string;
  /** In the order of their LOADs; empty: nothing is written, rows only become managed. */
  readonly modules: readonly ConfigModule[];
  readonly writes: readonly RowWrite[];
  readonly members: readonly MemberState[];
}

export interface MemberState {
  readonly proxyId: string;
  /** Tables of the modules. */
  readonly memory: LayerRows;
  readonly runtime: LayerRows;
  readonly disk: LayerRows;
  readonly managed: readonly RowRef[];
  readonly managedAfter: readonly RowRef[];
}
