import { BackendConnection } from './backend-connection.ts';
import { type BackendAddress, type BackendLogin, connectBackend } from './connect.ts';

/** Kills a thread of a back end over a connection of its own. Never fails: a back end that is gone killed it itself. */
export async function killThread(
  address: BackendAddress,
  threadId: number,
  what: 'QUERY' | 'CONNECTION',
  login: BackendLogin,
  timeoutMs: number,
): Promise<void> {
  let killer: BackendConnection | undefined;
  const timer = setTimeout(() => killer?.destroy(), 2 * timeoutMs);
  try {
    killer = new BackendConnection(await connectBackend(address, login, timeoutMs));
    await killer.run(Buffer.from(`\x03KILL ${what} ${threadId}`));
  } catch {
    // Refused or unreachable: there is nobody to tell.
  } finally {
    clearTimeout(timer);
    killer?.destroy();
  }
}
