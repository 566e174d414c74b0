import { LEAVES, overridesOf, valueAt } from './leaves.ts';
import type { MonitoringOverrides } from './overrides.ts';

/**
 * What can be understood of overrides that somebody else wrote, field by field: one that is damaged, or of a newer release,
 * is left out, and what it would have changed stays as it is configured. A proxy is watched all the same.
 */
export function readOverrides(value: unknown): MonitoringOverrides | undefined {
  const valid = LEAVES.flatMap(({ path, isValid }) => {
    const given = valueAt(value, path);
    return given !== undefined && isValid(given) ? [[path, given] as const] : [];
  });
  return valid.length === 0 ? undefined : overridesOf(valid);
}
