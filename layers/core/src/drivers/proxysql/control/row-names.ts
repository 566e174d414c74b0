import type { ConfigTable } from '../../../domain/control/config-rows.ts';
import { partsOfKey } from './tables.ts';
import { isSecretVariable } from './variables/catalogue.ts';

/** Query rules that Proxywatch alone writes. */
export const OWN_RULES = { least: 100_000, most: 199_999 } as const;

const LONGEST_NAME = 200;

export function isOwnRow(table: ConfigTable, key: string): boolean {
  if (table !== 'rules') return false;
  const id = Number(partsOfKey('rules', key)[0]);
  return id >= OWN_RULES.least && id <= OWN_RULES.most;
}

/** Attributes of a user hold further passwords and identities. */
export function isSecretField(table: ConfigTable, key: string, field: string): boolean {
  if (table === 'users') return /^(?:backend\.)?(?:password|attributes)$/.test(field);
  return table === 'variables' && field === 'variable_value' && isSecretVariable(partsOfKey('variables', key)[0] ?? '');
}

/** A row in words. Names are texts of people: control characters in them are left out. */
export function nameOfRow(table: ConfigTable, key: string): string {
  const [first = '', host = '', port = ''] = partsOfKey(table, key).map(printable);
  switch (table) {
    case 'users':
      return `user ${first}`;
    case 'servers':
      return `server ${host.includes(':') ? `[${host}]` : host}:${port} in hostgroup ${first}`;
    case 'replicationHostgroups':
      return `replication pair of hostgroup ${first}`;
    case 'rules':
      return `query rule ${first}`;
    case 'variables':
      return `variable ${first}`;
  }
}

function printable(text: string): string {
  return text.replace(/\p{C}/gu, '?').slice(0, LONGEST_NAME);
}
