import { UNPARSABLE_SET } from '../../stats/message-metrics.ts';
import type { AnswerSink } from '../backend/backend-connection.ts';
import type { PooledConnection } from '../backend/backend-server.ts';
import type { StatementKind } from '../routing/statement-kind.ts';
import { localAnswer } from './local-answers.ts';
import type { SessionCore } from './session-core.ts';
import { routeStatement } from './statement-routing.ts';
import type { Job } from './statement-runner.ts';

/** COM_QUERY: one statement as text. */
export async function runQuery(core: SessionCore, payload: Buffer): Promise<void> {
  const { context, state } = core;
  context.stats.globals.add('Questions');
  const startedUs = context.stats.clock.monotonicUs();
  const statement = routeStatement(context, state, payload.toString('utf8', 1));
  const { kind, hostgroup, refused } = statement;
  const local = refused === undefined ? localAnswer(context, state, statement) : undefined;
  if (refused !== undefined || local !== undefined) {
    core.record(statement, { timeUs: 0 });
    if (refused !== undefined) core.fail(refused);
    else if (local !== undefined) core.write(local);
    return;
  }
  // Logged when it is parsed, whatever the back end makes of it.
  if (locksHostgroup(core, kind)) context.stats.messages.record(UNPARSABLE_SET);
  core.start('Query', statement.sql, startedUs);
  const job: Job = {
    hostgroup,
    kind: 'result',
    command: () => payload,
    sink: core.toClient,
    sticky: kind.kind === 'sticky' || kind.kind === 'unknownSet',
  };
  if (kind.kind === 'commit' || kind.kind === 'rollback') {
    for (const other of otherTransactions(core, hostgroup)) await core.run({ ...job, hostgroup: other, sink: ignore });
  }
  const outcome = await core.run(job);
  if (outcome.kind === 'answered' && outcome.answer.error === undefined) {
    rememberSet(core, kind, hostgroup, outcome.pooled);
  }
  core.finish(statement, outcome);
}

/** Hostgroups of further transactions, which a user without persistent transactions can have. */
function otherTransactions({ state }: SessionCore, hostgroup: number): readonly number[] {
  return [...state.pins]
    .filter(([pin, { connection }]) => connection.inTransaction && pin !== hostgroup)
    .map(([pin]) => pin);
}

/** A SET that took effect follows the session; one that was not understood binds it to its hostgroup. */
function rememberSet(
  core: SessionCore,
  kind: StatementKind,
  hostgroup: number,
  { connection }: PooledConnection,
): void {
  const { context, state } = core;
  const { globals } = context.stats;
  if (kind.kind === 'setting') {
    for (const [name, assignment] of kind.assignments) {
      state.settings.set(name, assignment);
      connection.settings.set(name, assignment);
    }
    if (kind.assignments.has('names')) globals.add('Com_frontend_set_names');
  }
  if (!locksHostgroup(core, kind)) return;
  globals.add('hostgroup_locked_set_cmds');
  if (state.lockedHostgroup < 0) globals.add('Client_Connections_hostgroup_locked');
  state.lockedHostgroup = hostgroup;
}

function locksHostgroup({ context }: SessionCore, kind: StatementKind): boolean {
  return kind.kind === 'unknownSet' && context.settings().lockOnUnknownSet;
}

const ignore: AnswerSink = () => true;
