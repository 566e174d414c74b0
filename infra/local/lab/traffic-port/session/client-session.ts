import type { Socket } from 'node:net';
import { readCommands } from './command-stream.ts';
import type { PortContext } from './port-context.ts';
import { executeStatement, prepareStatement } from './prepared-commands.ts';
import { PreparedStatements } from './prepared-statements.ts';
import { proxyErrors } from './proxy-errors.ts';
import { runQuery } from './query-command.ts';
import { SessionCore } from './session-core.ts';
import type { SessionState } from './session-state.ts';

const COM = {
  QUIT: 0x01,
  INIT_DB: 0x02,
  QUERY: 0x03,
  PING: 0x0e,
  STMT_PREPARE: 0x16,
  STMT_EXECUTE: 0x17,
  STMT_SEND_LONG_DATA: 0x18,
  STMT_CLOSE: 0x19,
  STMT_RESET: 0x1a,
  RESET_CONNECTION: 0x1f,
} as const;

/** One client that has logged in, from its first command to its end. */
export class ClientSession {
  readonly state: SessionState;
  readonly statements = new PreparedStatements();
  readonly #context: PortContext;
  readonly #core: SessionCore;

  /** `onEnd` is called once, whoever ends the session. */
  constructor(context: PortContext, state: SessionState, socket: Socket, onEnd: () => void) {
    this.#context = context;
    this.state = state;
    this.#core = new SessionCore(context, state, socket, onEnd);
    socket.once('close', () => this.end());
    readCommands(socket, {
      maxCommandBytes: () => context.settings().maxAllowedPacket,
      onCommand: (payload) => this.#onCommand(payload),
      onTooLong: () => {
        this.#core.fail(proxyErrors.tooLong);
        this.end();
      },
      onBytes: (count) => context.stats.globals.add('Queries_frontends_bytes_recv', count),
    });
  }

  end(): void {
    this.#core.end();
  }

  async #onCommand(payload: Buffer): Promise<void> {
    const { state, statements } = this;
    const core = this.#core;
    state.lastActivityUs = state.identity.thread.wake();
    const code = payload[0] ?? 0;
    switch (code) {
      case COM.QUERY:
        return runQuery(core, payload);
      case COM.STMT_EXECUTE:
        return executeStatement(core, statements, payload);
      case COM.STMT_PREPARE:
        return prepareStatement(core, statements, payload);
      case COM.STMT_CLOSE:
        statements.close(payload);
        return this.#count('Com_frontend_stmt_close');
      case COM.STMT_SEND_LONG_DATA:
        // There is no answer to this command that could carry a refusal: its EXECUTE is refused.
        return statements.refuse(payload);
      case COM.STMT_RESET:
      case COM.PING:
        return core.ok();
      case COM.INIT_DB:
        this.#count('Com_frontend_init_db');
        state.schema = payload.toString('utf8', 1);
        return core.ok();
      case COM.RESET_CONNECTION:
        core.dropPins();
        state.settings.clear();
        state.lockedHostgroup = -1;
        state.transactionSinceUs = undefined;
        statements.clear();
        return core.ok();
      case COM.QUIT:
        return core.end();
      default:
        return core.fail(proxyErrors.unknownCommand(code));
    }
  }

  #count(name: 'Com_frontend_stmt_close' | 'Com_frontend_init_db'): void {
    this.#context.stats.globals.add(name);
  }
}
