import type { Row } from '../../contract.ts';
import type { ClientSession } from './client-session.ts';
import { extendedInfo } from './extended-info.ts';
import type { PortContext } from './port-context.ts';

const INDENT_OF_LEVEL_2 = 4;

/** Rows of `stats_mysql_processlist`. Times are those of the session's thread: up to 2 s behind while it is quiet. */
export function* processlistRows(
  { stats, settings }: PortContext,
  sessions: Iterable<ClientSession>,
  trafficPort: number,
): Generator<Row> {
  const level = settings().showExtended;
  for (const { state } of sessions) {
    const { identity, running } = state;
    const { id, user, client, thread } = identity;
    const attached = state.attached;
    const sinceUs = running?.startedUs ?? state.lastActivityUs;
    yield [
      thread.id,
      id,
      user.username,
      state.schema,
      client.host,
      client.port,
      state.currentHostgroup,
      attached?.connection.localAddress ?? null,
      attached?.connection.localPort ?? null,
      attached?.server.config.host ?? null,
      attached?.server.config.port ?? null,
      running?.command ?? 'Sleep',
      Math.max(0, Math.floor((thread.nowUs() - sinceUs) / 1000)),
      running?.sql ?? null,
      attached === undefined ? null : 0,
      level === 0
        ? null
        : JSON.stringify(extendedInfo(state, trafficPort, stats.clock), undefined, level > 1 ? INDENT_OF_LEVEL_2 : 0),
    ];
  }
}
