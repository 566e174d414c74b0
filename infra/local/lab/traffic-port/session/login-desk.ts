import type { Socket } from 'node:net';
import type { LabRuntime } from '../../contract.ts';
import { loginKeyOf } from '../backend/backend-pool.ts';
import { errorPacket, okPacket, type WireError } from '../wire/packets.ts';
import { readLogin, verifyPassword } from './login.ts';
import type { PortContext } from './port-context.ts';
import { proxyErrors } from './proxy-errors.ts';
import { SessionState } from './session-state.ts';
import type { ThreadClock } from './thread-clock.ts';

export interface Newcomer {
  readonly socket: Socket;
  readonly sessionId: number;
  readonly thread: ThreadClock;
}

/** How many clients there are, in all and of one user. */
export interface Occupancy {
  total(): number;
  of(user: string): number;
}

/** Lets a client in, or tells it why not; `undefined` when it is refused or leaves. Answers the log-in, packet 2. */
export async function admit(
  { stats, settings }: PortContext,
  runtime: Pick<LabRuntime, 'users'>,
  occupancy: Occupancy,
  { socket, sessionId, thread }: Newcomer,
): Promise<SessionState | undefined> {
  const refuse = (error: WireError, sequence: number): undefined => {
    stats.globals.add('Client_Connections_aborted');
    stats.globals.add('generated_error_packets');
    socket.end(errorPacket(sequence, error));
    socket.destroySoon();
  };
  const { serverVersion, maxConnections, defaultSchema } = settings();
  if (occupancy.total() >= maxConnections) {
    stats.globals.add('Access_Denied_Max_Connections');
    return refuse(proxyErrors.tooManyConnections, 0);
  }
  const attempt = await readLogin(socket, { serverVersion, sessionId }).catch(() => undefined);
  if (attempt === undefined) {
    stats.globals.add('Client_Connections_aborted');
    return undefined;
  }
  const client = { host: (socket.remoteAddress ?? '').replace(/^::ffff:/, ''), port: socket.remotePort ?? 0 };
  const user = runtime.users().find(({ username }) => username === attempt.user);
  const password = user && verifyPassword(attempt, user.password);
  if (user === undefined || password === undefined) {
    stats.globals.add('Access_Denied_Wrong_Password');
    return refuse(proxyErrors.accessDenied(attempt.user, client, attempt.token.length > 0), 2);
  }
  if (occupancy.of(user.username) >= user.maxConnections) {
    stats.globals.add('Access_Denied_Max_User_Connections');
    return refuse(proxyErrors.tooManyUserConnections(user.username, user.maxConnections), 2);
  }
  const login = { user: user.username, password, charset: attempt.charset, foundRows: attempt.foundRows };
  const identity = {
    id: sessionId,
    user,
    client,
    login,
    loginKey: loginKeyOf(login),
    thread,
    startedUs: stats.clock.monotonicUs(),
  };
  socket.write(okPacket(2));
  return new SessionState(identity, attempt.schema ?? user.defaultSchema ?? defaultSchema);
}
