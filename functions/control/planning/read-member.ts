import { CONFIG_LAYERS, type ConfigModule, type LayerRows } from '@proxywatch/core/domain/control/config-rows';
import type { RowRef } from '@proxywatch/core/domain/control/group-work';
import { tablesOfModules } from '@proxywatch/core/domain/control/row-writes';
import { fetchManagedRows } from '@proxywatch/core/drivers/dcdb/control/managed-rows';
import type { ProxyRecord } from '@proxywatch/core/drivers/dcdb/proxy-repository';
import type { FieldNote } from '@proxywatch/core/ports/proxy-control';
import { type ControlDeps, timesOf } from '../control-deps.ts';
import type { NamespaceDesired } from '../desired.ts';
import { createMemberSessions } from '../member-sessions.ts';
import type { Peers } from './same-group.ts';

/** A proxy as it is and as it should be, in the tables of some modules. */
export interface MemberReading {
  readonly proxyId: string;
  readonly memory: LayerRows;
  readonly runtime: LayerRows;
  readonly disk: LayerRows;
  readonly managed: readonly RowRef[];
  readonly wanted: LayerRows;
  readonly notes: readonly FieldNote[];
  /** Who it says that it syncs with. */
  readonly peers: Peers;
}

/** Reads a proxy over a connection of its own. Rejects with PROXY_* errors and CREDENTIAL_MISSING. */
export async function readMember(
  deps: ControlDeps,
  desired: NamespaceDesired,
  proxy: ProxyRecord,
  modules: readonly ConfigModule[],
  signal: AbortSignal,
): Promise<MemberReading> {
  const { id } = proxy.registration;
  const times = timesOf(deps);
  const sessions = createMemberSessions({ ...deps, times }, [proxy]);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(times.callMs)]);
  try {
    const session = await sessions.get(id, limit);
    const found = await session.fetchConfig(modules, CONFIG_LAYERS, limit);
    const { clusterPeers: peers } = await session.fetchFacts(limit);
    const { tables, notes } = await desired.render(sessions.controlOf(id), id, limit);
    const managed = await fetchManagedRows(deps.db, id, limit);
    const { memory = {}, runtime = {}, disk = {} } = found;
    return { proxyId: id, memory, runtime, disk, managed, wanted: tablesOfModules(tables, modules), notes, peers };
  } finally {
    await sessions.close();
  }
}
