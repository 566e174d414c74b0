import { digestTextOf } from '@proxywatch/core/drivers/proxysql/digests/digest-text';
import { type StatementKind, statementKindOf } from '../routing/statement-kind.ts';
import type { WireError } from '../wire/packets.ts';
import type { PortContext } from './port-context.ts';
import { proxyErrors } from './proxy-errors.ts';
import type { SessionState } from './session-state.ts';

/** A statement that is about to run: what it is and where it goes. */
export interface RoutedStatement {
  readonly sql: string;
  readonly digestText: string;
  readonly kind: StatementKind;
  readonly hostgroup: number;
  /** What to answer instead of running it. */
  readonly refused: WireError | undefined;
}

/** Finds a statement's hostgroup by the rules, the user's default and the session's transaction; counts rule hits. */
export function routeStatement(context: PortContext, state: SessionState, sql: string): RoutedStatement {
  const { stats, route, settings } = context;
  const { user, client } = state.identity;
  const digestText = digestTextOf(sql, settings().digestText);
  const kind = statementKindOf(sql, digestText);
  const { hostgroup, errorMessage, timeoutMs, hits } = route({
    sql,
    digestText,
    user: user.username,
    schema: state.schema,
    client: client.host,
  });
  state.timeoutMs = timeoutMs;
  for (const ruleId of hits) stats.countRuleHit(ruleId);
  const chosen = stayingHostgroup(state, kind) ?? hostgroup ?? user.defaultHostgroup;
  state.currentHostgroup = chosen;
  const refused = errorMessage === undefined ? lockedOut(context, state, chosen) : proxyErrors.blocked(errorMessage);
  return { sql, digestText, kind, hostgroup: chosen, refused };
}

/** A transaction stays where it began, and warnings are where they arose. */
function stayingHostgroup({ transactionPin, identity, lingering }: SessionState, { kind }: StatementKind) {
  const sticks = identity.user.transactionPersistent || ENDS_TRANSACTION.has(kind);
  if (transactionPin !== undefined && sticks) return transactionPin.server.config.hostgroup;
  return kind === 'showWarnings' ? lingering?.server.config.hostgroup : undefined;
}

const ENDS_TRANSACTION = new Set<StatementKind['kind']>(['commit', 'rollback', 'autocommit']);

/** A SET that the proxy did not understand binds the session to one hostgroup. */
function lockedOut({ stats }: PortContext, { lockedHostgroup }: SessionState, wanted: number): WireError | undefined {
  if (lockedHostgroup < 0) return undefined;
  stats.globals.add('hostgroup_locked_queries');
  return wanted === lockedHostgroup ? undefined : proxyErrors.locked(lockedHostgroup, wanted);
}
