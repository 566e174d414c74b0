import { CONFIG_MODULES, type ConfigModule } from '@proxywatch/core/domain/control/config-rows';
import type { PlanDocument, PlanNote, PlanOptions, PlanRefusal } from '@proxywatch/core/domain/control/plan';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { ControlDeps } from './control-deps.ts';
import { fetchDesired, type NamespaceDesired } from './desired.ts';
import { type PlanOfGroup, planGroup } from './planning/plan-group.ts';
import { surveyProxies } from './planning/survey.ts';

export interface PlanRequest {
  readonly namespace: string;
  /** @default - all */
  readonly modules?: readonly ConfigModule[];
  /** With whoever syncs with them. @default - all of the namespace */
  readonly proxies?: readonly string[];
  readonly options: PlanOptions;
  readonly reason: string;
}

/**
 * Works out what it takes to make a namespace's proxies what is wanted, and what speaks against it; changes nothing. Proxies
 * that cannot be read are named in it. Rejects with NOT_FOUND, UNPROCESSABLE for proxies that are not there, and with
 * STORE_UNAVAILABLE.
 */
export async function makePlan(deps: ControlDeps, request: PlanRequest, signal: AbortSignal): Promise<PlanDocument> {
  const { namespace, options, reason } = request;
  const desired = await fetchDesired(deps, namespace, signal);
  const asked = request.modules ?? CONFIG_MODULES;
  const servers = judgeServers(desired, asked, options, request.modules !== undefined);
  const modules = servers.isIn ? asked : asked.filter((module) => module !== 'servers');
  const survey = await surveyProxies(deps, desired, namespace, modules, request.proxies, signal);
  const unknown =
    request.proxies?.findIndex((id) => survey.records.get(id)?.registration.namespace !== namespace) ?? -1;
  if (unknown >= 0) {
    const problem = { pointer: `/proxies/${unknown}`, message: `there is no such proxy in ${namespace}` };
    throw new ProxywatchError('UNPROCESSABLE', 'the plan names proxies that are not there', { problems: [problem] });
  }
  const plans = await Promise.all(survey.groups.map((group) => planGroup(deps, survey, group, options, signal)));
  return {
    version: 1,
    namespace,
    namespaceRevision: desired.revision,
    modules,
    options,
    reason,
    groups: plans.map(({ group }) => group),
    warnings: [...servers.warnings, ...plans.flatMap(({ warnings }) => warnings), ...diskWarnings(plans)],
    refusals: [...servers.refusals, ...plans.flatMap(({ refusals }) => refusals)],
    notes: notesOf([...survey.readings.values()].flatMap(({ notes }) => notes)),
    needsAdmin: options.allowMassDelete || plans.some((plan) => touchesGuarded(deps, plan, survey)),
  };
}

interface ServersJudgement {
  readonly isIn: boolean;
  readonly warnings: readonly string[];
  readonly refusals: readonly PlanRefusal[];
}

/** Servers are left alone while nobody can vouch for what they should be; everything else goes on. */
function judgeServers(
  { servers }: NamespaceDesired,
  modules: readonly ConfigModule[],
  { allowMassDelete }: PlanOptions,
  isAskedFor: boolean,
): ServersJudgement {
  if (!modules.includes('servers')) return { isIn: false, warnings: [], refusals: [] };
  const refuse = (message: string, override?: 'allowMassDelete'): ServersJudgement => ({
    isIn: false,
    warnings: [...(servers?.warnings ?? []), `servers are left as they are: ${message}`],
    refusals: isAskedFor ? [{ code: 'DATABASE_CONFIG', message, ...(override && { override }) }] : [],
  });
  if (servers === undefined) return refuse('the database configuration service cannot be asked');
  if (servers.isUncertain && !allowMassDelete) {
    return refuse('what the database configuration service says is old or not whole', 'allowMassDelete');
  }
  return { isIn: true, warnings: servers.warnings, refusals: [] };
}

/** A SAVE takes the whole memory along, as a LOAD does. */
function diskWarnings(plans: readonly PlanOfGroup[]): readonly string[] {
  return plans.flatMap(({ assessment, group }) => {
    if (group.kind === 'watched' || assessment === undefined || assessment.unsaved.length === 0) return [];
    return [`${assessment.writer.proxyId}: a SAVE would bring along: ${assessment.unsaved.join('; ')}`];
  });
}

function notesOf(notes: readonly PlanNote[]): readonly PlanNote[] {
  return [...new Map(notes.map((note) => [JSON.stringify([note.subject, note.field]), note])).values()];
}

function touchesGuarded(
  deps: ControlDeps,
  { group, assessment }: PlanOfGroup,
  survey: Awaited<ReturnType<typeof surveyProxies>>,
): boolean {
  if (group.kind === 'watched' || assessment === undefined) return false;
  const kind = survey.records.get(assessment.writer.proxyId)?.registration.kind ?? '';
  const catalogue = deps.controls.get(kind)?.variables;
  return assessment.changes.some(({ table, row }) => {
    const [name] = table === 'variables' ? (JSON.parse(row.key) as readonly string[]) : [];
    return name !== undefined && catalogue?.find(name)?.isGuarded === true;
  });
}
