import { LEAVES, overridesOf, valueAt } from './leaves.ts';
import type { MonitoringOverrides } from './overrides.ts';

export const MONITORING_SCOPES = ['fleet', 'namespace', 'proxy'] as const;
export type MonitoringScope = (typeof MONITORING_SCOPES)[number];

export interface EffectiveMonitoring {
  readonly overrides: MonitoringOverrides;
  /** Which scope decided each field, by its JSON pointer (`/collectors/status/enabled`). */
  readonly sources: Readonly<Record<string, MonitoringScope>>;
}

/** What holds for a proxy: of each field, what the narrowest scope says that says anything. A list counts as one field. */
export function effectiveMonitoring(
  fleet: MonitoringOverrides | undefined,
  namespace: MonitoringOverrides | undefined,
  proxy: MonitoringOverrides | undefined,
): EffectiveMonitoring {
  const narrowestFirst = [
    ['proxy', proxy],
    ['namespace', namespace],
    ['fleet', fleet],
  ] as const;
  const decided: (readonly [readonly string[], unknown])[] = [];
  const sources: Record<string, MonitoringScope> = {};
  for (const { path, isValid } of LEAVES) {
    for (const [scope, overrides] of narrowestFirst) {
      const value = valueAt(overrides, path);
      if (value === undefined || !isValid(value)) continue;
      decided.push([path, value]);
      sources[`/${path.join('/')}`] = scope;
      break;
    }
  }
  return { overrides: overridesOf(decided), sources };
}
