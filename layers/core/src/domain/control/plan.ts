import type { ConfigModule, ConfigTable, FieldValue } from './config-rows.ts';

/** What was worked out for a namespace, as it is kept and shown: without secrets, whose values are masked. */
export interface PlanDocument {
  readonly version: 1;
  readonly namespace: string;
  /** Of the desired state, by kind of proxy where it differs: revisions and digests that must still hold at apply. */
  readonly namespaceRevision: number;
  readonly modules: readonly ConfigModule[];
  /** What was asked for. */
  readonly options: PlanOptions;
  readonly reason: string;
  readonly groups: readonly PlannedGroup[];
  readonly warnings: readonly string[];
  /** Why it cannot be applied; empty: it can. */
  readonly refusals: readonly PlanRefusal[];
  /** Lossy and unsupported fields. */
  readonly notes: readonly PlanNote[];
  /** Applying it takes the role `admin`. */
  readonly needsAdmin: boolean;
}

export interface PlanOptions {
  readonly acceptLoads: boolean;
  readonly adopt: boolean;
  readonly allowMassDelete: boolean;
}

export interface PlanRefusal {
  readonly code:
    | 'LOAD_BRINGS_MORE'
    | 'MASS_DELETE'
    | 'CONFLICTING_ROW'
    | 'SYNC_GROUP'
    | 'PROXY'
    | 'DATABASE_CONFIG'
    | 'UNKNOWN_VARIABLE'
    | 'DESIRED_STATE';
  readonly message: string;
  readonly group?: string;
  readonly proxy?: string;
  /** Flag of a plan that overrides it, where one does. */
  readonly override?: 'acceptLoads' | 'adopt' | 'allowMassDelete';
}

export interface PlanNote {
  readonly subject: string;
  readonly field: string;
  readonly support: 'lossy' | 'unsupported';
  readonly reason: string;
}

export interface PlannedGroup {
  readonly id: string;
  /** `watched`: shown, never written. */
  readonly kind: 'managed' | 'watched';
  readonly members: readonly string[];
  readonly proxies: readonly PlannedProxy[];
  /** Member that is written. */
  readonly writer: string | null;
}

export interface PlannedProxy {
  readonly proxy: string;
  readonly changes: readonly PlannedChange[];
  /** Rows of others that are as wanted and become Proxywatch's, in words. */
  readonly adopted: readonly string[];
  /** Rows of others that are left alone, by table. */
  readonly kept: Readonly<Partial<Record<ConfigTable, number>>>;
  /** What a LOAD would bring along besides. */
  readonly loads: readonly PlannedLoad[];
  /** Digests of what the plan was made from. */
  readonly basedOn: { readonly desired: string; readonly found: string };
}

export interface PlannedLoad {
  /** `edit`: somebody's, in memory and not loaded. `server`: what the monitors did, which a LOAD undoes. */
  readonly kind: 'edit' | 'server';
  readonly words: string;
}

export interface PlannedChange {
  readonly kind: 'add' | 'change' | 'delete';
  readonly table: ConfigTable;
  readonly key: string;
  readonly name: string;
  readonly words: string;
  readonly fields: readonly PlannedField[];
}

/** A field in the four layers; absent where the layer has no such row. */
export interface PlannedField {
  readonly field: string;
  readonly desired?: FieldValue;
  readonly memory?: FieldValue;
  readonly runtime?: FieldValue;
  readonly disk?: FieldValue;
}
