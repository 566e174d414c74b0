import type { PlanDocument, PlannedGroup } from '@proxywatch/core/domain/control/plan';
import { tablesOfModules, writesOf } from '@proxywatch/core/domain/control/row-writes';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { fetchPlan } from '@proxywatch/core/drivers/dcdb/control/plan-repository';
import { fetchProxyRecords } from '@proxywatch/core/drivers/dcdb/proxy-repository';
import type { ControlDeps } from '../control-deps.ts';
import { fetchDesired, type NamespaceDesired } from '../desired.ts';
import type { IntentRequest } from '../engine.ts';
import type { GroupIntent } from '../group-intent.ts';
import { assessGroup, type GroupAssessment } from './assess-group.ts';
import { type MemberReading, readMember } from './read-member.ts';
import { digestRows } from './rows-digest.ts';
import { requireNoOthers, requireOurs } from './same-group.ts';

/** What a plan wants of a group, found out anew. Rejects with CONFLICT when it is not what the plan was made from. */
export async function fetchPlannedIntent(
  deps: ControlDeps,
  request: IntentRequest,
  signal: AbortSignal,
): Promise<GroupIntent> {
  const plan = await fetchPlan(deps.db, request.planId, signal);
  if (plan === undefined) throw new ProxywatchError('CONFLICT', 'the plan is gone');
  const desired = await fetchDesired(deps, request.namespace, signal);
  return plannedIntent(deps, plan.document, desired, request.groupId, signal);
}

export async function plannedIntent(
  deps: ControlDeps,
  plan: PlanDocument,
  desired: NamespaceDesired,
  groupId: string,
  signal: AbortSignal,
): Promise<GroupIntent> {
  if (plan.modules.includes('servers') && desired.servers === undefined) {
    throw new ProxywatchError('SERVICE_UNREACHABLE', 'the database configuration service cannot be asked', {
      service: 'dbconfig',
    });
  }
  const group = plan.groups.find(({ id, kind }) => id === groupId && kind === 'managed');
  if (group === undefined) throw new ProxywatchError('CONFLICT', `the plan knows no group ${groupId}`);
  const registered = await fetchProxyRecords(deps.db, signal);
  const records = new Map(registered.map((record) => [record.registration.id, record]));
  const order = [group.writer ?? '', ...group.members.filter((member) => member !== group.writer)];
  const members = await Promise.all(
    order.map(async (id) => {
      const record = records.get(id);
      requireOurs(record, id, plan.namespace);
      return { record, reading: await readMember(deps, desired, record, plan.modules, signal) };
    }),
  );
  requireNoOthers(
    registered,
    plan.namespace,
    new Map(members.map(({ reading: { proxyId, peers } }) => [proxyId, peers])),
  );
  const [first, ...others] = members;
  if (first === undefined) throw new ProxywatchError('CONFLICT', `group ${groupId} has no members`);
  const control = deps.controls.get(first.record.registration.kind);
  if (control === undefined) throw new ProxywatchError('CONFLICT', `${groupId} is of a kind that cannot be changed`);
  const assessment = assessGroup(control, [first.reading, ...others.map(({ reading }) => reading)], plan.options);
  await requireSame(
    deps,
    group,
    members.map(({ reading }) => reading),
    assessment,
    signal,
  );
  const { writer, modules, changes, managedAfter } = assessment;
  return {
    writer: writer.proxyId,
    modules,
    writes: writesOf(changes),
    members: members.map(({ reading }) => ({
      proxyId: reading.proxyId,
      memory: tablesOfModules(reading.memory, modules),
      runtime: tablesOfModules(reading.runtime, modules),
      disk: tablesOfModules(reading.disk, modules),
      managed: reading.managed,
      managedAfter,
    })),
  };
}

async function requireSame(
  deps: ControlDeps,
  group: PlannedGroup,
  members: readonly MemberReading[],
  { modules, refusals, loads }: GroupAssessment,
  signal: AbortSignal,
): Promise<void> {
  const [refusal] = refusals;
  if (refusal !== undefined) throw outdated(refusal.message);
  for (const member of members) {
    const planned = group.proxies.find(({ proxy }) => proxy === member.proxyId);
    const based = await basedOn(deps, member, modules, signal);
    if (planned === undefined || based.desired !== planned.basedOn.desired)
      throw outdated('something else is wanted by now');
    if (based.found !== planned.basedOn.found) throw outdated(`${member.proxyId} was changed since`);
    const known = new Set(planned.loads.map(({ words }) => words));
    const more = loads.get(member.proxyId)?.find(({ words }) => !known.has(words));
    if (more !== undefined) throw outdated(`a LOAD on ${member.proxyId} would bring along more: ${more.words}`);
  }
}

/** Digests of what a plan depends on: rows that are wanted, and rows that are there. */
export async function basedOn(
  { secrets }: Pick<ControlDeps, 'secrets'>,
  { wanted, memory, managed }: MemberReading,
  modules: GroupAssessment['modules'],
  signal: AbortSignal,
): Promise<{ desired: string; found: string }> {
  const [desired, found] = await Promise.all([
    digestRows(secrets, tablesOfModules(wanted, modules), [], signal),
    digestRows(secrets, tablesOfModules(memory, modules), managed, signal),
  ]);
  return { desired, found };
}

function outdated(why: string): ProxywatchError {
  return new ProxywatchError('CONFLICT', `the plan is outdated: ${why}`);
}
