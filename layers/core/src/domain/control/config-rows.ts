/**
 * The configuration of a proxy as rows of named fields, whatever the kind calls them: so that differences, guards and
 * pre-images are the same for all kinds, and only the driver knows what a field means.
 */

/** What a proxy takes over in one go: LOAD and SAVE are of a module. */
export const CONFIG_MODULES = ['users', 'servers', 'rules', 'variables'] as const;
export type ConfigModule = (typeof CONFIG_MODULES)[number];

export const CONFIG_TABLES = ['users', 'servers', 'replicationHostgroups', 'rules', 'variables'] as const;
export type ConfigTable = (typeof CONFIG_TABLES)[number];

export const MODULE_OF: Readonly<Record<ConfigTable, ConfigModule>> = {
  users: 'users',
  servers: 'servers',
  replicationHostgroups: 'servers',
  rules: 'rules',
  variables: 'variables',
};

/** Where a proxy keeps its configuration: what is being edited, what runs, what a restart finds. */
export const CONFIG_LAYERS = ['memory', 'runtime', 'disk'] as const;
export type ConfigLayer = (typeof CONFIG_LAYERS)[number];

/** A value as the proxy prints it; `null` is its NULL. Secrets are in here: nothing of it is shown unmasked. */
export type FieldValue = string | null;

export interface ConfigRow {
  /** Encoded identity of the row in its table, `JSON.stringify` of an array of strings; see the driver. */
  readonly key: string;
  /**
   * By column. A row that was read has all columns of its table; one that is wanted has those that Proxywatch decides about,
   * the others stay as they are (or take the proxy's default in a new row).
   */
  readonly fields: Readonly<Record<string, FieldValue>>;
}

/** Rows of each table that was asked for, by key in no particular order, no key twice. */
export type LayerRows = Readonly<Partial<Record<ConfigTable, readonly ConfigRow[]>>>;

export type ConfigSnapshot = Readonly<Partial<Record<ConfigLayer, LayerRows>>>;

/** One change of a table in memory. */
export type RowWrite =
  | { readonly kind: 'put'; readonly table: ConfigTable; readonly row: ConfigRow }
  | { readonly kind: 'delete'; readonly table: ConfigTable; readonly key: string };
