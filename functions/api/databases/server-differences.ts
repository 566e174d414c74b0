import type { ConfigRow } from '@proxywatch/core/domain/control/config-rows';
import type { ProxyControl } from '@proxywatch/core/ports/proxy-control';

export interface ServerDifference {
  /** `surplus`: the proxy has a server that is not wanted. */
  readonly kind: 'add' | 'change' | 'surplus';
  /** In words: `server db-1:3306 in hostgroup 10`. */
  readonly server: string;
  /** By column of the proxy's table: what it is, and what it should be. */
  readonly fields: Readonly<Record<string, { readonly from: string | null; readonly to: string | null }>>;
}

/** What a proxy's servers would have to become. What its monitors change by themselves is no difference. */
export function serverDifferences(
  control: ProxyControl,
  wanted: readonly ConfigRow[],
  running: readonly ConfigRow[],
): readonly ServerDifference[] {
  const found = new Map(running.map((row) => [row.key, row]));
  const wantedKeys = new Set(wanted.map(({ key }) => key));
  const differences = wanted.map((row): ServerDifference => {
    const held = found.get(row.key);
    const server = control.nameOf('servers', row.key);
    const fields = fieldsOf(row, held, (field, to, from) => !isDifferent(control, field, to, from));
    return { kind: held === undefined ? 'add' : 'change', server, fields };
  });
  const surplus = running
    .filter(({ key }) => !wantedKeys.has(key))
    .map(({ key }): ServerDifference => ({ kind: 'surplus', server: control.nameOf('servers', key), fields: {} }));
  return [...differences.filter(({ kind, fields }) => kind === 'add' || Object.keys(fields).length > 0), ...surplus];
}

function fieldsOf(
  wanted: ConfigRow,
  held: ConfigRow | undefined,
  isSame: (field: string, to: string | null, from: string | null) => boolean,
): ServerDifference['fields'] {
  const pairs = Object.entries(wanted.fields).map(([field, to]) => ({ field, to, from: held?.fields[field] ?? null }));
  const different = pairs.filter(({ field, to, from }) => held === undefined || !isSame(field, to, from));
  return Object.fromEntries(different.map(({ field, to, from }) => [field, { from, to }]));
}

function isDifferent(control: ProxyControl, field: string, to: string | null, from: string | null): boolean {
  return !control.isSame('servers', field, to, from) && !control.isMonitored('servers', field, to, from);
}
