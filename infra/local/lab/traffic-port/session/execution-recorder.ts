import { commandOf } from '../../stats/commands-counters.ts';
import type { PooledConnection } from '../backend/backend-server.ts';
import type { WireError } from '../wire/packets.ts';
import type { PortContext } from './port-context.ts';
import type { SessionState } from './session-state.ts';

/** One execution as the statistics see it. */
export interface Ended {
  readonly digestText: string;
  readonly hostgroup: number;
  /** 0 for what the proxy answers itself and for PREPARE. */
  readonly timeUs: number;
  readonly rowsAffected?: number;
  readonly rowsSent?: number;
}

/** Counts an execution that has ended, whether it failed or not. */
export function recordExecution({ stats, settings }: PortContext, state: SessionState, ended: Ended): void {
  const { countDigests, countCommands, trackHostname, longQueryTimeMs } = settings();
  const { user, client } = state.identity;
  const { digestText, hostgroup, timeUs, rowsAffected = 0, rowsSent = 0 } = ended;
  if (countDigests) {
    const origin = {
      hostgroup,
      schema: state.schema,
      user: user.username,
      client: trackHostname ? client.host : '',
    };
    stats.digests.record(origin, digestText, { timeUs, rowsAffected, rowsSent });
  }
  if (countCommands) stats.commands.record(commandOf(digestText), timeUs);
  if (timeUs > longQueryTimeMs * 1000) stats.globals.add('Slow_queries');
}

/** Counts an error that a back end sent during a query. */
export function recordBackendError(
  { stats }: PortContext,
  state: SessionState,
  { server }: PooledConnection,
  error: WireError,
): void {
  const { hostgroup, host, port } = server.config;
  const { user, client } = state.identity;
  stats.serverErrors.record('backend', { hostgroup, host, port, errno: error.errno });
  stats.errors.record({
    hostgroup,
    host,
    port,
    user: user.username,
    client: client.host,
    schema: state.schema,
    errno: error.errno,
    message: error.message,
  });
}
