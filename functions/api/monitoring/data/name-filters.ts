import type { ListField, ListQuery } from '#api/list';

/** A name that rows are chosen by: one, or one of several. */
export const NAME: ListField = { type: 'string', ops: ['eq', 'in'] };

/** Values that a field may have by its filters; undefined: any. */
export function namesOf({ filters }: Pick<ListQuery, 'filters'>, field: string): readonly string[] | undefined {
  const lists = filters
    .filter((filter) => filter.field === field && (filter.op === 'eq' || filter.op === 'in'))
    .map(({ values }) => values.map(String));
  const [first, ...others] = lists;
  return first?.filter((value) => others.every((list) => list.includes(value)));
}

/** Namespaces that the caller may see and asks about: of others there is nothing to be seen. */
export function namespacesOf(
  query: Pick<ListQuery, 'filters'>,
  seen: readonly string[] | '*',
): readonly string[] | '*' {
  const asked = namesOf(query, 'namespace');
  if (asked === undefined) return seen;
  return seen === '*' ? asked : asked.filter((name) => seen.includes(name));
}
