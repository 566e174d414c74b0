import type { RuntimeServer } from '../../contract.ts';
import type { LabClock } from '../../stats/clock.ts';
import type { GlobalStatus } from '../../stats/global-status.ts';
import type { ServerErrors } from '../../stats/server-errors.ts';
import type { PortSettings } from '../port-settings.ts';
import { BackendConnection } from './backend-connection.ts';
import { BackendServer, type PooledConnection } from './backend-server.ts';
import { type BackendLogin, BackendRefusal, connectBackend, UNREACHABLE_ERRNO } from './connect.ts';
import { chooseIdle, chooseServer } from './connection-choice.ts';
import { killThread } from './kill-thread.ts';
import { WaitingRoom } from './waiting-room.ts';

/** No back end of the hostgroup could be had in time. */
export class HostgroupUnreachable extends Error {}

/** What a session wants of a connection, besides the hostgroup. */
export interface Wanted {
  readonly hostgroup: number;
  readonly login: BackendLogin;
  /** `loginKeyOf(login)`, made once per session. */
  readonly loginKey: string;
  readonly schema: string;
  readonly settings: ReadonlyMap<string, string>;
  /** Ends the wait when the client leaves. */
  readonly signal: AbortSignal;
}

export interface BackendPoolOptions {
  readonly settings: () => PortSettings;
  readonly globals: GlobalStatus;
  readonly serverErrors: ServerErrors;
  readonly clock: LabClock;
  /** A fraction in [0, 1), for the choice by weight. @default Math.random */
  readonly random?: (() => number) | undefined;
}

// How long a session sleeps before it looks again whether a shunned server recovered or a busy one has room.
const LOOK_AGAIN_MS = 50;
const TRIM_AFTER_IDLE_US = 1_000_000;

/** Connections to all back ends, shared by all sessions. */
export class BackendPool {
  readonly #options: BackendPoolOptions;
  readonly #random: () => number;
  #servers: BackendServer[] = [];
  #closed = false;
  readonly #waiting = new WaitingRoom();
  readonly #killing = new Set<Promise<void>>();

  constructor(options: BackendPoolOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
  }

  get servers(): readonly BackendServer[] {
    return this.#servers;
  }

  /** Takes over the loaded servers; those no longer listed lose their idle connections and wait for their busy ones. */
  load(configs: readonly RuntimeServer[]): void {
    const before = new Map(this.#servers.map((server) => [keyOf(server.config), server]));
    this.#servers = configs.map((config) => {
      const known = before.get(keyOf(config));
      before.delete(keyOf(config));
      if (known === undefined) return new BackendServer(config, this.#options.clock);
      known.reload(config);
      return known;
    });
    for (const server of before.values()) server.reload({ ...server.config, status: 'OFFLINE_SOFT' });
    for (const server of [...this.#servers, ...before.values()]) {
      if (server.config.status !== 'ONLINE') this.#dropIdle(server);
      if (server.config.status === 'OFFLINE_HARD') for (const used of [...server.used]) this.destroy(used);
    }
  }

  /**
   * A connection for a session, new or used before. Throws HostgroupUnreachable after mysql-connect_timeout_server_max,
   * BackendRefusal when the back end answers the log-in with an error, AbortError when the signal ends the wait.
   */
  async acquire(wanted: Wanted): Promise<PooledConnection> {
    const { globals, clock } = this.#options;
    const startedUs = clock.monotonicUs();
    const waitedMs = (): number => Math.floor((clock.monotonicUs() - startedUs) / 1000);
    globals.add('MyHGM_myconnpoll_get');
    while (!this.#closed) {
      wanted.signal.throwIfAborted();
      const server = chooseServer(this.#servers, wanted.hostgroup, this.#options.settings(), this.#random());
      const taken = server && (this.#takeIdle(server, wanted) ?? (await this.#open(server, wanted)));
      if (taken !== undefined) return this.#handOut(taken);
      if (waitedMs() >= this.#options.settings().connectTimeoutMaxMs) break;
      const pauseMs = server === undefined ? LOOK_AGAIN_MS : this.#options.settings().connectRetryDelayMs;
      await this.#waiting.wait(Math.max(1, pauseMs), wanted.signal);
    }
    globals.add('max_connect_timeouts');
    globals.add('ConnPool_get_conn_failure');
    throw new HostgroupUnreachable(
      `Max connect timeout reached while reaching hostgroup ${wanted.hostgroup} after ${waitedMs()}ms`,
    );
  }

  /** Gives a connection back that the next session may use. */
  release(pooled: PooledConnection): void {
    const { server, connection } = pooled;
    if (!connection.alive || server.config.status !== 'ONLINE' || this.#closed) {
      this.destroy(pooled);
      return;
    }
    server.used.delete(pooled);
    server.idle.add(pooled);
    pooled.idleSinceUs = this.#options.clock.monotonicUs();
    this.#options.globals.add('MyHGM_myconnpoll_push');
    this.#waiting.wakeOne();
  }

  destroy(pooled: PooledConnection): void {
    this.#forget(pooled);
    pooled.connection.destroy();
  }

  /** Ends the statement that a connection runs, or the connection itself; best effort, within a time limit. */
  kill(pooled: PooledConnection, what: 'QUERY' | 'CONNECTION', login: BackendLogin): void {
    const { threadId } = pooled.connection;
    const killing = killThread(pooled.server.config, threadId, what, login, this.#options.settings().connectTimeoutMs);
    this.#killing.add(killing);
    void killing.then(() => this.#killing.delete(killing));
  }

  /** Closes what has been idle for a while beyond mysql-free_connections_pct of a server's limit. */
  trim(): void {
    const beforeUs = this.#options.clock.monotonicUs() - TRIM_AFTER_IDLE_US;
    for (const server of this.#servers) {
      const kept = Math.ceil((server.config.maxConnections * this.#options.settings().freeConnectionsPct) / 100);
      for (const idle of [...server.idle]) {
        if (server.idle.size > kept && idle.idleSinceUs < beforeUs) this.destroy(idle);
      }
    }
  }

  /** Closes all connections and resolves when nothing of the pool runs. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting.wakeAll();
    for (const server of this.#servers) for (const one of [...server.idle, ...server.used]) this.destroy(one);
    await Promise.all(this.#killing);
  }

  #takeIdle({ idle }: BackendServer, wanted: Wanted): PooledConnection | undefined {
    const found = chooseIdle(idle, wanted);
    if (found !== undefined) idle.delete(found);
    return found;
  }

  async #open(server: BackendServer, wanted: Wanted): Promise<PooledConnection | undefined> {
    const { globals, serverErrors, clock, settings } = this.#options;
    // A full server makes room for this log-in at the cost of another's idle connection.
    const [oldest] = server.idle;
    if (server.size >= server.config.maxConnections && oldest !== undefined) this.destroy(oldest);
    if (server.size >= server.config.maxConnections) return undefined;
    server.connecting += 1;
    try {
      const connection = new BackendConnection(
        await connectBackend(server.config, wanted.login, settings().connectTimeoutMs),
      );
      server.noteConnected();
      globals.add('Server_Connections_created');
      const pooled: PooledConnection = {
        connection,
        server,
        loginKey: wanted.loginKey,
        user: wanted.login.user,
        idleSinceUs: clock.monotonicUs(),
        uses: 0,
      };
      connection.onLost(() => this.#forget(pooled));
      return pooled;
    } catch (error) {
      globals.add('Server_Connections_aborted');
      const errno = error instanceof BackendRefusal ? error.wire.errno : UNREACHABLE_ERRNO;
      serverErrors.record('backend', { ...server.config, errno });
      if (error instanceof BackendRefusal) {
        server.noteRefusal();
        throw error;
      }
      server.noteFailure(settings());
      return undefined;
    } finally {
      server.connecting -= 1;
    }
  }

  #handOut(pooled: PooledConnection): PooledConnection {
    const { globals } = this.#options;
    if (this.#closed) {
      pooled.connection.destroy();
      throw new HostgroupUnreachable('the proxy is stopping');
    }
    pooled.server.used.add(pooled);
    pooled.server.noteUsed();
    pooled.uses += 1;
    globals.add('MyHGM_myconnpoll_get_ok');
    globals.add('ConnPool_get_conn_success');
    return pooled;
  }

  #dropIdle(server: BackendServer): void {
    for (const idle of [...server.idle]) this.destroy(idle);
  }

  #forget(pooled: PooledConnection): void {
    const { idle, used } = pooled.server;
    if (idle.delete(pooled) || used.delete(pooled)) this.#options.globals.add('MyHGM_myconnpoll_destroy');
    this.#waiting.wakeOne();
  }
}

function keyOf({ hostgroup, host, port }: RuntimeServer): string {
  return JSON.stringify([hostgroup, host, port]);
}

/** Sessions with the same key can share connections. */
export function loginKeyOf({ user, password, charset, foundRows }: BackendLogin): string {
  const secret = typeof password === 'string' ? password : password.sha1.toString('hex');
  return JSON.stringify([user, secret, charset, foundRows]);
}
