import type { ConfigRow } from '@proxywatch/core/domain/control/config-rows';
import { changedFields } from '@proxywatch/core/domain/control/row-diff';
import { byKey } from '@proxywatch/core/domain/control/row-rules';
import type { ReachableProxy } from '@proxywatch/core/drivers/dcdb/accounts/proxies-of-namespace';
import { forEachProxy, type SessionLimits, withAdminSession } from '#api/admin-session';
import type { ApiDeps } from '#api/api-deps';

export interface ComparedProxy {
  readonly proxy: string;
  /** Keys of the users that are in memory as wanted. */
  readonly equal: readonly string[];
  /** Those that are there, but otherwise, in words. */
  readonly differing: readonly string[];
  /** Code of the error that kept it from being read. */
  readonly problem?: string;
}

/** How far proxies have the wanted users in memory. */
export async function compareWithProxies(
  deps: Pick<ApiDeps, 'controls' | 'credentials'>,
  proxies: readonly ReachableProxy[],
  wanted: readonly ConfigRow[],
  limits: SessionLimits,
): Promise<readonly ComparedProxy[]> {
  if (wanted.length === 0) return [];
  const outcomes = await forEachProxy(proxies, limits.signal, ({ registration }) =>
    withAdminSession(deps, registration, limits, async (session, control, limit) => {
      const snapshot = await session.fetchConfig(['users'], ['memory'], limit);
      const found = byKey(snapshot.memory?.users);
      const there = wanted.filter(({ key }) => found.has(key));
      const isEqual = (row: ConfigRow) => {
        const held = found.get(row.key);
        return held !== undefined && changedFields(control, 'users', row, held).length === 0;
      };
      const equal = there.filter(isEqual).map(({ key }) => key);
      const differing = there.filter((row) => !isEqual(row)).map(({ key }) => control.nameOf('users', key));
      return { equal, differing };
    }),
  );
  return outcomes.map((outcome) =>
    'problem' in outcome ? { ...outcome, equal: [], differing: [] } : { proxy: outcome.proxy, ...outcome.value },
  );
}
