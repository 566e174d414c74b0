import type { ConfigRow, LayerRows } from '../../../domain/control/config-rows.ts';
import { isOwnRow, OWN_RULES } from './row-names.ts';
import { rowsByKey, variableKey } from './tables.ts';

const MOST_IDS = 10;

/** What of a proxy keeps wanted rows from meaning what they shall. */
export function cautionsOf(wanted: LayerRows, found: LayerRows): readonly string[] {
  return [
    ...foreignRules(wanted, found),
    ...digestsOff(wanted, found),
    ...loginPlugin(wanted, found),
    ...replication(wanted, found),
  ];
}

/** Rules of others have lower ids: what they decide is decided, and what they take aside with a flag does not come back. */
function foreignRules(wanted: LayerRows, found: LayerRows): readonly string[] {
  if ((wanted.rules ?? []).length === 0) return [];
  const earlier = (found.rules ?? []).filter(
    ({ key, fields }) =>
      !isOwnRow('rules', key) && Number(fields.rule_id) < OWN_RULES.least && fields.active === '1' && ends(fields),
  );
  if (earlier.length === 0) return [];
  const ids = earlier.map(({ fields }) => Number(fields.rule_id)).toSorted((a, b) => a - b);
  const shown = ids.slice(0, MOST_IDS).join(', ');
  const more = ids.length > MOST_IDS ? ` and ${ids.length - MOST_IDS} more` : '';
  return [
    `query rules of others come first, and statements that they match reach no rule of Proxywatch: ${shown}${more}`,
  ];
}

function ends({ apply, flagOUT }: ConfigRow['fields']): boolean {
  return apply === '1' || (typeof flagOUT === 'string' && flagOUT !== '0');
}

/** Without a digest a rule's condition on it is passed over, as if it were not there (source). */
function digestsOff(wanted: LayerRows, found: LayerRows): readonly string[] {
  const asks = (wanted.rules ?? []).some(({ fields }) => fields.match_digest || fields.digest);
  return asks && isOff(wanted, found, 'mysql-query_digests')
    ? ['mysql-query_digests is off: rules that look at digests apply to every statement, those that refuse too']
    : [];
}

function loginPlugin(wanted: LayerRows, found: LayerRows): readonly string[] {
  const salted = (wanted.users ?? []).filter(({ fields }) => fields.password?.startsWith('$A$')).length;
  const plugin = settingOf(wanted, found, 'mysql-default_authentication_plugin');
  return salted > 0 && plugin !== undefined && plugin !== 'caching_sha2_password'
    ? [
        `mysql-default_authentication_plugin is ${plugin}: ${salted} users with a caching_sha2_password hash cannot log in`,
      ]
    : [];
}

function replication(wanted: LayerRows, found: LayerRows): readonly string[] {
  const pairs = wanted.replicationHostgroups ?? [];
  if (pairs.length === 0) return [];
  const own = rowsByKey(pairs);
  const taken = new Map(
    (found.replicationHostgroups ?? [])
      .filter(({ key }) => !own.has(key))
      .map(({ fields }) => [fields.reader_hostgroup, fields.writer_hostgroup]),
  );
  const clashes = pairs.filter(({ fields }) => taken.has(fields.reader_hostgroup));
  return [
    ...clashes.map(
      ({ fields: { reader_hostgroup: reader } }) =>
        `hostgroup ${reader} is the reader of hostgroup ${taken.get(reader)} already, and of one only it can be`,
    ),
    ...(isOff(wanted, found, 'mysql-monitor_enabled')
      ? ['mysql-monitor_enabled is off: nothing moves servers between writers and readers, and lag is not looked at']
      : []),
  ];
}

function isOff(wanted: LayerRows, found: LayerRows, name: string): boolean {
  return /^(?:false|0)$/i.test(settingOf(wanted, found, name) ?? '');
}

/** As it will be. */
function settingOf(wanted: LayerRows, found: LayerRows, name: string): string | undefined {
  const [decided, held] = [wanted, found].map(({ variables }) => rowsByKey(variables).get(variableKey(name)));
  return decided?.fields.variable_value ?? held?.fields.variable_value ?? undefined;
}
