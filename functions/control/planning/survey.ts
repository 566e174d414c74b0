import type { ConfigModule } from '@proxywatch/core/domain/control/config-rows';
import { type GroupCandidate, type SyncGroup, syncGroups } from '@proxywatch/core/domain/control/sync-groups';
import { fetchProxyRecords, type ProxyRecord } from '@proxywatch/core/drivers/dcdb/proxy-repository';
import { boundedMap } from '../bounded-map.ts';
import { type ControlDeps, timesOf } from '../control-deps.ts';
import type { NamespaceDesired } from '../desired.ts';
import { createMemberSessions } from '../member-sessions.ts';
import { problemWords } from '../problem-words.ts';
import { type MemberReading, readMember } from './read-member.ts';

/** Proxies that are asked at once. */
const AT_ONCE = 20;

/** A namespace's proxies as they are, in their sync groups. */
export interface Survey {
  readonly groups: readonly SyncGroup[];
  readonly records: ReadonlyMap<string, ProxyRecord>;
  readonly readings: ReadonlyMap<string, MemberReading>;
  /** Why a proxy could not be read, in words. */
  readonly problems: ReadonlyMap<string, string>;
}

/** Reads the proxies of a namespace, or some of them with whoever syncs with them. Retired ones are left out. */
export async function surveyProxies(
  deps: ControlDeps,
  desired: NamespaceDesired,
  namespace: string,
  modules: readonly ConfigModule[],
  proxies: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<Survey> {
  const all = (await fetchProxyRecords(deps.db, signal)).filter(({ state }) => state !== 'retired');
  const own = all.filter(({ registration }) => registration.namespace === namespace);
  const problems = new Map<string, string>();
  const candidates = await boundedMap(all, AT_ONCE, async (record): Promise<GroupCandidate> => {
    const { id, adminHost, adminPort } = record.registration;
    const isOwn = record.registration.namespace === namespace;
    const peers = isOwn ? await peersOf(deps, record, problems, signal) : [];
    return { id, namespace: record.registration.namespace, adminHost, adminPort, managed: record.managed, peers };
  });
  const groups = syncGroups(candidates, namespace).filter(
    ({ members }) => proxies === undefined || members.some((member) => proxies.includes(member)),
  );
  const asked = new Set(groups.flatMap(({ members }) => members));
  const readings = new Map<string, MemberReading>();
  await boundedMap(own, AT_ONCE, async (record) => {
    const { id } = record.registration;
    if (!asked.has(id) || problems.has(id)) return;
    try {
      readings.set(id, await readMember(deps, desired, record, modules, signal));
    } catch (error) {
      signal.throwIfAborted();
      problems.set(id, problemWords(error));
    }
  });
  const records = new Map(all.map((record) => [record.registration.id, record]));
  return { groups, records, readings, problems };
}

async function peersOf(
  deps: ControlDeps,
  record: ProxyRecord,
  problems: Map<string, string>,
  signal: AbortSignal,
): Promise<GroupCandidate['peers']> {
  const { id } = record.registration;
  const times = timesOf(deps);
  const sessions = createMemberSessions({ ...deps, times }, [record]);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(times.callMs)]);
  try {
    const session = await sessions.get(id, limit);
    return (await session.fetchFacts(limit)).clusterPeers;
  } catch (error) {
    signal.throwIfAborted();
    problems.set(id, problemWords(error));
    return [];
  } finally {
    await sessions.close();
  }
}
