import type { AnswerSink } from '../backend/backend-connection.ts';
import { ConnectionLost } from '../backend/backend-connection.ts';
import { HostgroupUnreachable } from '../backend/backend-pool.ts';
import type { PooledConnection } from '../backend/backend-server.ts';
import { BackendRefusal } from '../backend/connect.ts';
import type { WireError } from '../wire/packets.ts';
import type { Answer, AnswerKind } from '../wire/response-reader.ts';
import { align } from './align.ts';
import { recordBackendError } from './execution-recorder.ts';
import type { PortContext } from './port-context.ts';
import { proxyErrors } from './proxy-errors.ts';
import type { SessionState } from './session-state.ts';

/** What to run, once a connection is there. `command` may prepare it first, or fail with the back end's error. */
export interface Job {
  readonly hostgroup: number;
  readonly kind: AnswerKind;
  readonly command: (pooled: PooledConnection) => Buffer | Promise<Buffer | WireError>;
  readonly sink: AnswerSink;
  /** Leaves state of the session on its connection, which stays with the session from then on. */
  readonly sticky: boolean;
}

/** `gone`: the client cannot be answered any more and must be dropped. */
export type Outcome =
  | { readonly kind: 'answered'; readonly answer: Answer; readonly pooled: PooledConnection }
  | { readonly kind: 'failed'; readonly error: WireError }
  | { readonly kind: 'gone' };

/** Runs one job on a connection of its hostgroup and decides whether the session keeps that connection. */
export async function runJob(
  context: PortContext,
  state: SessionState,
  job: Job,
  signal: AbortSignal,
): Promise<Outcome> {
  let sent = false;
  const sink: AnswerSink = (chunk, resume) => {
    sent = true;
    return job.sink(chunk, resume);
  };
  for (let retriesLeft = context.settings().queryRetries; ; retriesLeft -= 1) {
    const kept = state.pins.get(job.hostgroup);
    let pooled: PooledConnection;
    try {
      pooled = await obtain(context, state, job.hostgroup, signal);
    } catch (error) {
      return refusalOf(error);
    }
    if (signal.aborted) {
      if (kept === undefined) context.pool.release(pooled);
      return { kind: 'gone' };
    }
    state.active = pooled;
    try {
      return await runOn(context, state, { ...job, sink }, pooled);
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
      drop(context, state, pooled);
      if (sent || signal.aborted || pooled.server.config.status === 'OFFLINE_HARD') return { kind: 'gone' };
      // Only a connection that had been lying in the pool may have been dead before the statement reached it.
      if (kept === undefined && pooled.uses > 1 && retriesLeft > 0) continue;
      recordBackendError(context, state, pooled, proxyErrors.lost);
      return { kind: 'failed', error: proxyErrors.lost };
    } finally {
      state.active = undefined;
    }
  }
}

async function runOn(context: PortContext, state: SessionState, job: Job, pooled: PooledConnection): Promise<Outcome> {
  const { connection, server } = pooled;
  const [sentBefore, receivedBefore] = [connection.bytesSent, connection.bytesReceived];
  const refused = await align(connection, state, context.stats.globals);
  const command = refused ?? (await job.command(pooled));
  if (!Buffer.isBuffer(command)) {
    settle(context, state, job, pooled, 0);
    recordBackendError(context, state, pooled, command);
    return { kind: 'failed', error: command };
  }
  const answer = await connection.run(command, job.kind, job.sink);
  const [bytesSent, bytesReceived] = [connection.bytesSent - sentBefore, connection.bytesReceived - receivedBefore];
  server.noteQuery(bytesSent, bytesReceived);
  context.stats.globals.add('Queries_backends_bytes_sent', bytesSent);
  context.stats.globals.add('Queries_backends_bytes_recv', bytesReceived);
  settle(context, state, job, pooled, answer.warnings);
  if (answer.error !== undefined) recordBackendError(context, state, pooled, answer.error);
  return { kind: 'answered', answer, pooled };
}

/** The connection that the session keeps for the hostgroup, else one from the pool. */
async function obtain(
  { pool }: PortContext,
  state: SessionState,
  hostgroup: number,
  signal: AbortSignal,
): Promise<PooledConnection> {
  const pinned = state.pins.get(hostgroup);
  if (pinned !== undefined) return pinned;
  const { lingering } = state;
  state.lingering = undefined;
  if (lingering?.server.config.hostgroup === hostgroup && lingering.connection.alive) return lingering;
  if (lingering !== undefined) pool.release(lingering);
  const { identity, schema, settings } = state;
  return pool.acquire({
    hostgroup,
    login: identity.login,
    loginKey: identity.loginKey,
    schema,
    settings,
    signal,
  });
}

/** Keeps a connection in a transaction or with state, lets one with warnings linger, gives any other back. */
function settle(
  { pool }: PortContext,
  state: SessionState,
  job: Job,
  pooled: PooledConnection,
  warnings: number,
): void {
  if (job.sticky) state.sticky.add(pooled);
  if (pooled.connection.inTransaction || state.sticky.has(pooled)) {
    state.pins.set(job.hostgroup, pooled);
    return;
  }
  state.pins.delete(job.hostgroup);
  if (warnings > 0) state.lingering = pooled;
  else pool.release(pooled);
}

function drop({ pool }: PortContext, state: SessionState, pooled: PooledConnection): void {
  for (const [hostgroup, pinned] of state.pins) if (pinned === pooled) state.pins.delete(hostgroup);
  state.sticky.delete(pooled);
  pool.destroy(pooled);
}

function refusalOf(error: unknown): Outcome {
  if (error instanceof BackendRefusal) return { kind: 'failed', error: error.wire };
  if (error instanceof HostgroupUnreachable) return { kind: 'failed', error: proxyErrors.unreachable(error.message) };
  return { kind: 'gone' };
}
