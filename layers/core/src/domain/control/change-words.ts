import type { ConfigTable, FieldValue } from './config-rows.ts';
import type { RowDifference } from './layer-diff.ts';
import type { FieldChange, RowChange } from './row-diff.ts';
import type { RowRules } from './row-rules.ts';

/** What stands where a secret would. */
export const MASK = '***';

type Words = Pick<RowRules, 'isSecret' | 'nameOf'>;

/** A change in words, without secrets: `change user app: max_connections 100 → 200, password changes`. */
export function wordsOf(rules: Words, change: RowChange): string {
  const { table, row } = change;
  const name = rules.nameOf(table, row.key);
  if (change.kind === 'delete') return `delete ${name}`;
  if (change.kind === 'change') return `change ${name}: ${fieldWords(rules, table, row.key, change.fields)}`;
  const fields = Object.entries(row.fields).map(([field, value]) =>
    rules.isSecret(table, row.key, field) ? `${field} set` : `${field} ${printed(value)}`,
  );
  return fields.length === 0 ? `add ${name}` : `add ${name} (${fields.join(', ')})`;
}

/** A difference of two layers in words; `left` and `right` are what the layers are called. */
export function differenceWords(rules: Words, difference: RowDifference, left: string, right: string): string {
  const { table, key, fields } = difference;
  const name = rules.nameOf(table, key);
  if (difference.left === undefined) return `${name} is in ${right}, not in ${left}`;
  if (difference.right === undefined) return `${name} is in ${left}, not in ${right}`;
  const words = fields.map(({ field, from, to }) =>
    rules.isSecret(table, key, field)
      ? `${field} differs`
      : `${field} is ${printed(from)} in ${left}, ${printed(to)} in ${right}`,
  );
  return `${name}: ${words.join(', ')}`;
}

/** A value that may be shown. */
export function maskedValue(
  rules: Pick<RowRules, 'isSecret'>,
  table: ConfigTable,
  key: string,
  field: string,
  value: FieldValue,
): FieldValue {
  return value !== null && value !== '' && rules.isSecret(table, key, field) ? MASK : value;
}

function fieldWords(rules: Words, table: ConfigTable, key: string, fields: readonly FieldChange[]): string {
  return fields
    .map(({ field, from, to }) =>
      rules.isSecret(table, key, field) ? `${field} changes` : `${field} ${printed(from)} → ${printed(to)}`,
    )
    .join(', ');
}

function printed(value: FieldValue): string {
  if (value === null) return 'NULL';
  return value === '' ? "''" : value;
}
