import { okPacket, oneValueResult } from '../wire/packets.ts';
import type { PortContext } from './port-context.ts';
import type { SessionState } from './session-state.ts';
import type { RoutedStatement } from './statement-routing.ts';

/**
 * The answer to a statement that needs no back end: it changes nothing but the session, or asks what the proxy knows
 * itself. `undefined`: the back end has to run it.
 */
export function localAnswer({ stats, settings }: PortContext, state: SessionState, { kind }: RoutedStatement) {
  switch (kind.kind) {
    case 'use':
      stats.globals.add('Com_frontend_use_db');
      state.schema = kind.schema;
      return okPacket(1, state.statusFlags);
    case 'own':
      return oneValueResult(kind.column, ownValue(kind.answer), state.statusFlags);
    case 'autocommit':
    case 'commit':
    case 'rollback':
      stats.globals.add(`Com_${kind.kind}`);
      if (kind.kind === 'autocommit') setAutocommit(state, kind.on);
      // In a transaction each of them may end it.
      if (state.inTransaction) return undefined;
      stats.globals.add(`Com_${kind.kind}_filtered`);
      return okPacket(1, state.statusFlags);
    default:
      return undefined;
  }

  function ownValue(answer: 'version' | 'versionComment' | 'lastInsertId'): string {
    if (answer === 'version') return settings().serverVersion;
    return answer === 'versionComment' ? '(ProxySQL)' : String(state.lastInsertId);
  }
}

function setAutocommit({ settings }: SessionState, on: boolean): void {
  if (on) settings.delete('autocommit');
  else settings.set('autocommit', 'autocommit=0');
}
