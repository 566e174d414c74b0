// The probe of the original design, `probe-process.ts`: GET /collect?port=<admin port> answers the whole digest table of a
// proxy as JSON. Sends { port } to its parent, and ends with it.
import { createServer } from 'node:http';
import { type Connection, createConnection } from 'mysql2/promise';

const connections = new Map<number, Promise<Connection>>();

function connectionTo(port: number): Promise<Connection> {
  const open = () => createConnection({ host: '127.0.0.1', port, user: 'stats', password: 'stats' });
  const connection = connections.get(port) ?? open();
  connections.set(port, connection);
  return connection;
}

const server = createServer((request, response) => {
  const port = Number(new URL(request.url ?? '/', 'http://probe').searchParams.get('port'));
  const answer = async () => {
    const [rows] = await (await connectionTo(port)).query('SELECT * FROM stats_mysql_query_digest');
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(rows));
  };
  answer().catch((error: unknown) => response.writeHead(500).end(String(error)));
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' && address !== null ? address.port : 0 });
});
process.on('disconnect', () => process.exit());
