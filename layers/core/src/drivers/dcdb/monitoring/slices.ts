/** Names of one list of a statement: beyond some thousands MariaDB gives up looking rows up by them. */
const AT_ONCE = 500;

export function* slicesOf<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let i = 0; i < items.length; i += AT_ONCE) yield items.slice(i, i + AT_ONCE);
}
