import type { ConfigTable } from '../domain/control/config-rows.ts';
import type { OperationEvent, Pending, RowRef } from '../domain/control/group-work.ts';
import type {
  GroupOutline,
  GroupState,
  OnError,
  OperationOutline,
  OperationState,
  Step,
} from '../domain/control/operation.ts';
import type { OperateRequest } from './operation-invoker.ts';

/** Where operations are kept, so that whoever comes after a death can go on. All methods reject with STORE_UNAVAILABLE. */
export interface OperationStore {
  /** `undefined`: there is none. */
  fetchOperation(id: string, signal?: AbortSignal): Promise<StoredOperation | undefined>;
  /**
   * Decides about the whole operation, one caller at a time. Groups are changed only from the state that the decision
   * says. An operation that ends lets go of its proxies, but of those whose group could not be put back.
   */
  decide(
    id: string,
    decision: (operation: StoredOperation) => Decision | undefined,
    signal?: AbortSignal,
  ): Promise<StoredOperation | undefined>;
  /** What nobody works on although there is something to do. */
  fetchUnattended(limit: number, signal?: AbortSignal): Promise<readonly OperateRequest[]>;
  /** Takes a group that runs or goes back; `undefined`: somebody else has it, or there is nothing to do. */
  takeGroup(hold: GroupHold, leaseMs: number, signal?: AbortSignal): Promise<StoredGroup | undefined>;
  /** Holds on to it, and tells what others decided meanwhile; `undefined`: it is somebody else's by now. */
  renewGroup(hold: GroupHold, leaseMs: number, signal?: AbortSignal): Promise<GroupNews | undefined>;
  /** All of it or nothing; false: the group is somebody else's by now, or its state is not `from`. */
  saveGroup(hold: GroupHold, from: GroupState, change: GroupChange, signal?: AbortSignal): Promise<boolean>;
  /** Lets go; whoever it is by now keeps it. `restMs`: nobody takes it before. `isFailure`: it counts as an attempt. */
  releaseGroup(hold: GroupHold, restMs: number, isFailure: boolean): Promise<void>;
  addEvents(operationId: string, events: readonly OperationEvent[], signal?: AbortSignal): Promise<void>;
  /** As it was sealed; `undefined`: never taken, or expired. */
  fetchPreImage(operationId: string, proxyId: string, signal?: AbortSignal): Promise<string | undefined>;
  fetchManagedRows(proxyId: string, signal?: AbortSignal): Promise<readonly RowRef[]>;
  /** Deletes some of the pre-images that nobody may need any more, and of what ended longer ago than `historyMs`. */
  deleteExpired(historyMs: number, signal?: AbortSignal): Promise<void>;
}

export interface StoredOperation extends OperationOutline {
  readonly id: string;
  readonly kind: 'apply' | 'rollback';
  readonly planId: string | undefined;
  readonly ofOperation: string | undefined;
  readonly namespace: string;
  readonly reason: string;
  readonly problem: string | undefined;
  readonly createdBy: string;
}

export interface StoredGroup extends GroupOutline {
  readonly pending: Pending;
  /** How often it was taken up since its last step. */
  readonly attempts: number;
}

export interface GroupHold {
  readonly operationId: string;
  readonly groupId: string;
  /** UUID of whoever works on it. */
  readonly owner: string;
}

export interface GroupNews {
  readonly operationState: OperationState;
  readonly groupState: GroupState;
  /** The switch that stops all writes. */
  readonly writes: { readonly enabled: boolean; readonly reason: string };
}

export interface Decision {
  readonly state: OperationState;
  /** Absent: as it is. */
  readonly problem?: string | undefined;
  /** Absent: as it is. */
  readonly onError?: OnError;
  readonly groups: readonly { readonly id: string; readonly from: GroupState; readonly to: GroupState }[];
  readonly events: readonly OperationEvent[];
}

export interface GroupChange {
  readonly state?: GroupState;
  readonly step?: Step;
  readonly pending?: Pending;
  readonly problem?: string;
  readonly events?: readonly OperationEvent[];
  readonly preImages?: readonly { readonly proxyId: string; readonly sealed: string; readonly ttlMs: number }[];
  /** Rows that are Proxywatch's from now on, whole tables of a proxy. */
  readonly managed?: readonly {
    readonly proxyId: string;
    readonly tables: readonly ConfigTable[];
    readonly rows: readonly RowRef[];
  }[];
  readonly checksums?: readonly { readonly proxyId: string; readonly module: string; readonly checksum: string }[];
}
