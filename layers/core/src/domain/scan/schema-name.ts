import type { CollectorName } from './collectors.ts';

/**
 * `proxywatch.slow-sql.v1`: how the JSON of a collector's records is called outside, and the Kafka topic that it goes to. A
 * new version comes with the first change that is not an addition.
 */
export function schemaNameOf(collector: CollectorName): string {
  return `proxywatch.${kebabOf(collector)}.v1`;
}

/** `slowSql` → `slow-sql`, for names outside of the code. */
export function kebabOf(collector: CollectorName): string {
  return collector.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
