import type { Socket } from 'node:net';
import type { AnswerSink } from '../backend/backend-connection.ts';
import { errorPacket, okPacket, type WireError } from '../wire/packets.ts';
import { type Ended, recordExecution } from './execution-recorder.ts';
import type { PortContext } from './port-context.ts';
import { proxyErrors } from './proxy-errors.ts';
import type { RunningCommand, SessionState } from './session-state.ts';
import type { RoutedStatement } from './statement-routing.ts';
import { type Job, type Outcome, runJob } from './statement-runner.ts';

const INTERRUPTED = 1317;

/** What the commands of one session work with: its state, its client, and the way to the back ends. */
export class SessionCore {
  readonly context: PortContext;
  readonly state: SessionState;
  readonly #socket: Socket;
  readonly #ended = new AbortController();
  readonly #onEnd: () => void;

  constructor(context: PortContext, state: SessionState, socket: Socket, onEnd: () => void) {
    this.context = context;
    this.state = state;
    this.#socket = socket;
    this.#onEnd = onEnd;
  }

  /** Hangs up; what the session kept at back ends is closed, which rolls back what was not committed. */
  end(): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    const { pool } = this.context;
    const { active, lingering, identity } = this.state;
    if (active !== undefined) {
      // A closed socket alone would let the statement run on.
      pool.kill(active, 'CONNECTION', identity.login);
      pool.destroy(active);
    }
    this.dropPins();
    if (lingering !== undefined) pool.release(lingering);
    this.state.lingering = undefined;
    this.#socket.destroySoon();
    this.#onEnd();
  }

  dropPins(): void {
    const { pins, sticky } = this.state;
    for (const pinned of pins.values()) this.context.pool.destroy(pinned);
    pins.clear();
    sticky.clear();
  }

  start(command: RunningCommand['command'], sql: string, startedUs = this.context.stats.clock.monotonicUs()): void {
    this.state.running = { command, sql, startedUs };
  }

  async run(job: Job): Promise<Outcome> {
    const { state } = this;
    const outcome = await runJob(this.context, state, job, this.#ended.signal);
    const nowUs = state.identity.thread.wake();
    state.lastActivityUs = nowUs;
    state.transactionSinceUs = state.inTransaction ? (state.transactionSinceUs ?? nowUs) : undefined;
    return outcome;
  }

  /** Counts an execution, answers an error, and leaves the session ready for its next command. */
  finish(statement: RoutedStatement, outcome: Outcome): void {
    const { state } = this;
    const { running, timedOut } = state;
    state.running = undefined;
    state.timedOut = false;
    if (outcome.kind === 'gone') {
      this.end();
      return;
    }
    const timeUs = this.context.stats.clock.monotonicUs() - (running?.startedUs ?? 0);
    if (outcome.kind === 'failed') {
      this.record(statement, { timeUs });
      this.fail(outcome.error);
      return;
    }
    const { error, errorSequence, affectedRows, rowsSent, insertId } = outcome.answer;
    this.record(statement, { timeUs, rowsAffected: affectedRows, rowsSent });
    if (affectedRows > 0) state.affectedRowsHostgroup = statement.hostgroup;
    if (insertId > 0) state.lastInsertId = insertId;
    if (error === undefined) return;
    this.passOn(timedOut && error.errno === INTERRUPTED ? proxyErrors.timedOut : error, errorSequence);
  }

  record({ digestText, hostgroup }: RoutedStatement, ended: Omit<Ended, 'digestText' | 'hostgroup'>): void {
    recordExecution(this.context, this.state, { digestText, hostgroup, ...ended });
  }

  ok(): void {
    this.write(okPacket(1, this.state.statusFlags));
  }

  /** Answers with an error of the proxy's own. */
  fail(error: WireError): void {
    this.context.stats.globals.add('generated_error_packets');
    this.passOn(error);
  }

  passOn(error: WireError, sequence = 1): void {
    this.write(errorPacket(sequence, error));
  }

  write(bytes: Buffer): void {
    this.toClient(bytes, () => undefined);
  }

  readonly toClient: AnswerSink = (chunk, resume) => {
    this.context.stats.globals.add('Queries_frontends_bytes_sent', chunk.length);
    if (this.#socket.destroyed) return true;
    const wantsMore = this.#socket.write(chunk);
    if (!wantsMore) this.#socket.once('drain', resume);
    return wantsMore;
  };
}
