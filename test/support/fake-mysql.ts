import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { createServer } from 'mysql2';
import { pickFreePort } from '../../infra/local/services/ports.ts';

/** What a fake server says to a statement. */
export type Answer = { readonly ok: true } | { readonly errno: number } | { readonly drop: true };

export interface FakeMysql {
  readonly port: number;
  /** Statements that came, in their order. */
  readonly seen: readonly string[];
  /** Ends the server and every connection. */
  stop(): Promise<void>;
}

/** Speaks just enough MySQL to let clients in and answer statements; `answer` decides, when it wants to. */
export async function startFakeMysql(answer: (sql: string) => Promise<Answer>, port?: number): Promise<FakeMysql> {
  const seen: string[] = [];
  const open = new Set<{ close(): void }>();
  let connectionId = 0;
  // biome-ignore lint/suspicious/noExplicitAny: mysql2 does not type the server's side of a connection
  const server = createServer((connection: any) => {
    connectionId += 1;
    open.add(connection);
    connection.on('error', () => open.delete(connection));
    connection.on('end', () => open.delete(connection));
    connection.serverHandshake({
      protocolVersion: 10,
      serverVersion: '8.0.0',
      connectionId,
      statusFlags: 2,
      characterSet: 45,
      capabilityFlags: 0x000aa20d,
      authCallback: (_params: unknown, done: (error: null) => void) => {
        done(null);
        connection._resetSequenceId();
      },
    });
    const reply = async (sql: string) => {
      seen.push(sql);
      const said = await answer(sql);
      if ('drop' in said) return connection.close();
      if ('errno' in said) connection.writeError({ code: said.errno, message: `error ${said.errno}` });
      else connection.writeOk();
      connection._resetSequenceId();
    };
    // mysql2 tells of SET as if it were the preparation of a statement.
    for (const event of ['query', 'stmt_prepare']) {
      connection.on(event, (sql: string) => void reply(sql).catch(() => undefined));
    }
    connection.on('quit', () => connection.close());
  });
  // biome-ignore lint/suspicious/noExplicitAny: the net.Server underneath is not typed
  const listener = (server as any)._server as Server;
  // Not one that the kernel picks: an attempt to connect to one that is gone may be given its port.
  listener.listen(port ?? (await pickFreePort()), '127.0.0.1');
  await once(listener, 'listening');
  return {
    port: (listener.address() as AddressInfo).port,
    seen,
    async stop() {
      for (const connection of open) connection.close();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
