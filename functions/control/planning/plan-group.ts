import type { PlannedGroup, PlannedProxy, PlanOptions, PlanRefusal } from '@proxywatch/core/domain/control/plan';
import type { SyncGroup } from '@proxywatch/core/domain/control/sync-groups';
import type { ProxyControl } from '@proxywatch/core/ports/proxy-control';
import type { ControlDeps } from '../control-deps.ts';
import { assessGroup, type GroupAssessment } from './assess-group.ts';
import { describeChanges } from './describe-changes.ts';
import { basedOn } from './planned-intent.ts';
import type { MemberReading } from './read-member.ts';
import type { Survey } from './survey.ts';

export interface PlanOfGroup {
  readonly group: PlannedGroup;
  readonly refusals: readonly PlanRefusal[];
  readonly warnings: readonly string[];
  /** Of a group that was read. */
  readonly assessment: GroupAssessment | undefined;
}

/** What would be done to a sync group. A group that is only watched is shown as it would be, and refuses nothing. */
export async function planGroup(
  deps: ControlDeps,
  survey: Survey,
  { id, kind, members, refusals: inTheWay }: SyncGroup,
  options: PlanOptions,
  signal: AbortSignal,
): Promise<PlanOfGroup> {
  const readings = members.flatMap((member) => survey.readings.get(member) ?? []);
  const unread = members.flatMap((member) => {
    const problem = survey.problems.get(member);
    return problem === undefined ? [] : [{ proxy: member, message: `${member} cannot be read: ${problem}` }];
  });
  const [writer, ...peers] = readings;
  const control = writer && deps.controls.get(survey.records.get(writer.proxyId)?.registration.kind ?? '');
  const isManaged = kind === 'managed';
  const refusals: PlanRefusal[] = isManaged
    ? [
        ...inTheWay.map((message) => ({ code: 'SYNC_GROUP' as const, message, group: id })),
        ...unread.map((problem) => ({ code: 'PROXY' as const, ...problem, group: id })),
      ]
    : [];
  const warnings = isManaged ? [] : unread.map(({ message }) => message);
  if (writer === undefined || control === undefined) {
    return { group: { id, kind, members, proxies: [], writer: null }, refusals, warnings, assessment: undefined };
  }
  const assessment = assessGroup(control, [writer, ...peers], options);
  for (const { proxyId, wanted, memory } of readings) {
    warnings.push(...(control.cautionsOf?.(wanted, memory) ?? []).map((words) => `${proxyId}: ${words}`));
  }
  if (isManaged) refusals.push(...assessment.refusals.map((refusal) => ({ ...refusal, group: id })));
  const proxies = await Promise.all(readings.map((reading) => planProxy(deps, control, reading, assessment, signal)));
  const group = { id, kind, members, proxies, writer: isManaged ? writer.proxyId : null };
  return { group, refusals, warnings, assessment };
}

async function planProxy(
  deps: ControlDeps,
  control: ProxyControl,
  reading: MemberReading,
  { changes, adopted, kept, loads, modules }: GroupAssessment,
  signal: AbortSignal,
): Promise<PlannedProxy> {
  return {
    proxy: reading.proxyId,
    changes: describeChanges(control, changes, reading),
    adopted: adopted.map(({ table, key }) => control.nameOf(table, key)),
    kept,
    loads: loads.get(reading.proxyId) ?? [],
    basedOn: await basedOn(deps, reading, modules, signal),
  };
}
