import type { PlanDocument, PlannedGroup } from './plan.ts';

/** A plan in lines of text, for people at a shell. */
export function describePlan(plan: PlanDocument): string {
  const lines = [
    `plan for ${plan.namespace}, revision ${plan.namespaceRevision}: ${plan.modules.join(', ')}`,
    ...plan.groups.flatMap(describeGroup),
    ...section('warnings', plan.warnings),
    ...section(
      'not wholly expressible',
      plan.notes.map((note) => `${note.subject}, ${note.field}: ${note.support}, ${note.reason}`),
    ),
    ...section(
      'refused',
      plan.refusals.map(({ group, message, override }) => {
        const words = group === undefined ? message : `${group}: ${message}`;
        return override === undefined ? words : `${words} (a plan with ${override} allows it)`;
      }),
    ),
  ];
  return `${lines.join('\n')}\n`;
}

const SIGNS = { add: '+', change: '~', delete: '-' } as const;

function describeGroup(group: PlannedGroup): readonly string[] {
  const title = group.kind === 'watched' ? 'watched, not written' : `written at ${group.writer ?? 'none'}`;
  return [
    '',
    `group ${group.id} (${group.members.join(', ')}), ${title}`,
    ...group.proxies.flatMap(({ proxy, changes, adopted, loads }) => [
      changes.length === 0 ? `  ${proxy}: as wanted` : `  ${proxy}`,
      ...changes.map(({ kind, words }) => `    ${SIGNS[kind]} ${words}`),
      ...adopted.map((words) => `    = ${words} is as wanted and becomes managed`),
      ...loads.map(({ words }) => `    ! a LOAD would bring along: ${words}`),
    ]),
  ];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line}`)];
}
