import { type Count, countOf } from '../../../domain/monitoring/top-sql.ts';

/** A sum as the driver gives it: a double that is whole, or a decimal as text. */
export function countOfSum(value: string | number): Count {
  return countOf(BigInt(typeof value === 'number' ? value : value.replace(/\.0*$/, '')));
}
