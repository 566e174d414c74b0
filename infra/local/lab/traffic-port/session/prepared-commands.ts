import type { StatementKind } from '../routing/statement-kind.ts';
import {
  executeCommand,
  numberOn,
  type PreparedStatements,
  prepareCommand,
  remember,
  renumbered,
} from './prepared-statements.ts';
import { proxyErrors } from './proxy-errors.ts';
import type { SessionCore } from './session-core.ts';
import { routeStatement } from './statement-routing.ts';

/** COM_STMT_PREPARE: prepares on a connection of the statement's hostgroup; counts as an execution of no time. */
export async function prepareStatement(core: SessionCore, statements: PreparedStatements, payload: Buffer) {
  const { context, state } = core;
  const { globals } = context.stats;
  globals.add('Questions');
  globals.add('Com_frontend_stmt_prepare');
  const statement = routeStatement(context, state, payload.toString('utf8', 1));
  core.record(statement, { timeUs: 0 });
  const refused = statement.refused ?? (statements.full ? proxyErrors.tooManyStatements : undefined);
  if (refused !== undefined) return core.fail(refused);
  core.start('Query', statement.sql);
  const chunks: Buffer[] = [];
  const outcome = await core.run({
    hostgroup: statement.hostgroup,
    kind: 'prepared',
    command: () => prepareCommand(statement.sql),
    sink: (chunk) => chunks.push(chunk) > 0,
    sticky: false,
  });
  state.running = undefined;
  if (outcome.kind === 'gone') return core.end();
  if (outcome.kind === 'failed') return core.fail(outcome.error);
  const { error, prepared } = outcome.answer;
  if (error !== undefined || prepared === undefined) return core.passOn(error ?? proxyErrors.lost);
  globals.add('Com_backend_stmt_prepare');
  const { maxStatementsPerConnection } = context.settings();
  remember(outcome.pooled.connection, statement.sql, prepared.statementId, maxStatementsPerConnection);
  const { id } = statements.add(statement.sql, prepared.parameters);
  core.write(renumbered(Buffer.concat(chunks), id));
}

/** COM_STMT_EXECUTE: on any connection of the hostgroup, where the statement is prepared first if it is not. */
export async function executeStatement(core: SessionCore, statements: PreparedStatements, payload: Buffer) {
  const { context, state } = core;
  const { globals } = context.stats;
  globals.add('Questions');
  globals.add('Com_frontend_stmt_execute');
  const prepared = statements.named(payload);
  if (prepared === undefined) return core.fail(proxyErrors.unknownStatement('COM_STMT_EXECUTE'));
  if (prepared.longData) return core.fail(proxyErrors.longData);
  const statement = routeStatement(context, state, prepared.sql);
  if (statement.refused !== undefined) {
    core.record(statement, { timeUs: 0 });
    return core.fail(statement.refused);
  }
  core.start('Execute', prepared.sql);
  const outcome = await core.run({
    hostgroup: statement.hostgroup,
    kind: 'result',
    sink: core.toClient,
    sticky: LEAVES_STATE.has(statement.kind.kind),
    async command({ connection }) {
      const number = await numberOn(connection, prepared.sql, context.settings().maxStatementsPerConnection);
      if ('error' in number) return number.error;
      if (number.prepared) globals.add('Com_backend_stmt_prepare');
      globals.add('Com_backend_stmt_execute');
      return executeCommand(payload, prepared, number.id);
    },
  });
  core.finish(statement, outcome);
}

// Statements that change a session: as text they are followed from connection to connection, prepared they stay.
const LEAVES_STATE = new Set<StatementKind['kind']>(['use', 'autocommit', 'setting', 'unknownSet', 'sticky']);
