import { CONFIG_LAYERS, type ConfigLayer, type ConfigRow } from '@proxywatch/core/domain/control/config-rows';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { ProxyControl } from '@proxywatch/core/ports/proxy-control';
import { type SessionLimits, withAdminSession } from '#api/admin-session';
import type { ApiDeps } from '#api/api-deps';
import { MASK } from './variable-fields.ts';

/** Values of a proxy's variables, by name. Secrets are in here: `shownLayers` masks them. */
export type LiveVariables = ReadonlyMap<string, LayerValues>;
export type LayerValues = Readonly<Record<ConfigLayer, string | null>>;

export type Drift = 'desired' | 'memory' | 'disk';

const NOWHERE: LayerValues = { memory: null, runtime: null, disk: null };

/** Reads all variables of a proxy in all layers. Rejects as `withAdminSession`. */
export function fetchLiveVariables(
  deps: Pick<ApiDeps, 'controls' | 'credentials'>,
  proxy: RegisteredProxy,
  limits: SessionLimits,
): Promise<LiveVariables> {
  return withAdminSession(deps, proxy, limits, async (session, _, signal) => {
    const snapshot = await session.fetchConfig(['variables'], CONFIG_LAYERS, signal);
    const values = new Map<string, Record<ConfigLayer, string | null>>();
    for (const layer of CONFIG_LAYERS) {
      for (const row of snapshot[layer]?.variables ?? []) {
        const name = nameOf(row);
        const held = values.get(name) ?? { ...NOWHERE };
        held[layer] = row.fields.variable_value ?? null;
        values.set(name, held);
      }
    }
    return values;
  });
}

/** What differs from the value that runs. `desired`: in clear text; `undefined`: nobody decided. */
export function driftOf(control: ProxyControl, values: LayerValues, desired: string | undefined): readonly Drift[] {
  const { memory, runtime, disk } = values;
  const isSame = (value: string | null) => control.isSame('variables', 'variable_value', value, runtime);
  return [
    ...(desired === undefined || isSame(desired) ? [] : ['desired' as const]),
    ...(isSame(memory) ? [] : ['memory' as const]),
    ...(isSame(disk) ? [] : ['disk' as const]),
  ];
}

export function layersOf(live: LiveVariables, name: string): LayerValues {
  return live.get(name) ?? NOWHERE;
}

/** As they may be shown. */
export function shownLayers(values: LayerValues, isSecret: boolean): LayerValues {
  const shown = (value: string | null) => (isSecret && value !== null ? MASK : value);
  return { memory: shown(values.memory), runtime: shown(values.runtime), disk: shown(values.disk) };
}

function nameOf({ fields }: ConfigRow): string {
  return fields.variable_name ?? '';
}
