import type { Row } from '../contract.ts';
import type { LabClock } from '../stats/clock.ts';
import type { BackendServer } from './backend/backend-server.ts';

/** Rows of `stats_mysql_free_connections`: what lies idle in the pool. */
export function* freeConnectionRows(servers: Iterable<BackendServer>, clock: LabClock): Generator<Row> {
  const nowUs = clock.monotonicUs();
  let fd = 0;
  for (const { idle, config } of servers) {
    for (const { connection, user, idleSinceUs, uses } of idle) {
      fd += 1;
      const { bytesSent, bytesReceived, questions, schema, statusFlags, threadId } = connection;
      const statistics = {
        bytes_recv: bytesReceived,
        bytes_sent: bytesSent,
        myconnpoll_get: uses,
        myconnpoll_put: uses,
        questions,
      };
      const mysqlInfo = {
        db: schema,
        host: config.host,
        port: config.port,
        server_status: statusFlags,
        thread_id: threadId,
        user,
      };
      yield [
        fd,
        config.hostgroup,
        config.host,
        config.port,
        user,
        schema,
        null,
        null,
        null,
        connection.settings.has('autocommit') ? '0' : '1',
        Math.floor((nowUs - idleSinceUs) / 1000),
        JSON.stringify(statistics),
        JSON.stringify(mysqlInfo),
      ];
    }
  }
}
