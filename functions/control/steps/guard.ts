import type { GroupRun } from '../group-run.ts';
import { rollbackIntent } from '../rollback-intent.ts';

/** Looks whether the group is still what the plan was made for, and nobody's edits would be loaded. Writes nothing. */
export async function guard(run: GroupRun): Promise<void> {
  await run.check();
  run.intent = await fetchIntent(run);
  const { writer, modules, members } = run.intent;
  const what = modules.length === 0 ? 'nothing is to be written' : `${modules.join(', ')} will be written at ${writer}`;
  await run.record(
    'guard',
    { ...run.group.pending, writer },
    { events: [{ severity: 'info', message: `guard: ${members.length} proxies are as the plan knows them, ${what}` }] },
  );
}

export function fetchIntent(run: GroupRun) {
  const { operation, group, engine, signal } = run;
  if (operation.kind === 'rollback') return rollbackIntent(run);
  const { planId = '', namespace } = operation;
  return engine.fetchIntent({ planId, namespace, groupId: group.id, members: group.members }, signal);
}
