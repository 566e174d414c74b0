import type { RuntimeUser } from '../../contract.ts';
import type { PooledConnection } from '../backend/backend-server.ts';
import type { BackendLogin } from '../backend/connect.ts';
import { STATUS_AUTOCOMMIT, STATUS_IN_TRANSACTION } from '../wire/packets.ts';
import type { ThreadClock } from './thread-clock.ts';

/** Where a client is connected from. */
export interface ClientAddress {
  readonly host: string;
  readonly port: number;
}

export interface RunningCommand {
  readonly command: 'Query' | 'Execute';
  readonly sql: string;
  readonly startedUs: number;
}

export interface SessionIdentity {
  readonly id: number;
  readonly user: RuntimeUser;
  readonly client: ClientAddress;
  readonly login: BackendLogin;
  readonly loginKey: string;
  readonly thread: ThreadClock;
  readonly startedUs: number;
}

/** What a session carries from command to command. */
export class SessionState {
  readonly identity: SessionIdentity;
  schema: string;
  /** Assignments that each connection must have made, by variable. */
  readonly settings = new Map<string, string>();
  /** Connections that only this session may use, by hostgroup: in a transaction, or with state of the session. */
  readonly pins = new Map<number, PooledConnection>();
  /** Of the pins, those that carry state to the session's end. */
  readonly sticky = new Set<PooledConnection>();
  /** Kept for one more command, since its warnings may be asked for. */
  lingering: PooledConnection | undefined;
  /** The connection at work now. */
  active: PooledConnection | undefined;
  running: RunningCommand | undefined;
  currentHostgroup = -1;
  lockedHostgroup = -1;
  affectedRowsHostgroup = -1;
  lastInsertId = 0;
  lastActivityUs: number;
  transactionSinceUs: number | undefined;
  /** How long the statement at work may run, by the rules; `undefined`: as any other. */
  timeoutMs: number | undefined;
  /** Set by the watch when the statement at work was ended for taking too long. */
  timedOut = false;

  constructor(identity: SessionIdentity, schema: string) {
    this.identity = identity;
    this.schema = schema;
    this.lastActivityUs = identity.startedUs;
  }

  get autocommit(): boolean {
    return !this.settings.has('autocommit');
  }

  get inTransaction(): boolean {
    return this.transactionPin !== undefined;
  }

  get transactionPin(): PooledConnection | undefined {
    for (const pooled of this.pins.values()) if (pooled.connection.inTransaction) return pooled;
    return undefined;
  }

  get statusFlags(): number {
    return (this.autocommit ? STATUS_AUTOCOMMIT : 0) | (this.inTransaction ? STATUS_IN_TRANSACTION : 0);
  }

  /** The back-end connection that the session shows: at work, or kept. */
  get attached(): PooledConnection | undefined {
    return this.active ?? this.pins.get(this.currentHostgroup) ?? this.transactionPin ?? this.lingering;
  }
}
