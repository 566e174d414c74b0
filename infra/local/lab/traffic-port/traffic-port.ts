import type { Socket } from 'node:net';
import type { LabRuntime } from '../contract.ts';
import type { LabStatistics, LiveState } from '../stats/lab-statistics.ts';
import { BackendPool } from './backend/backend-pool.ts';
import { startServerMonitor } from './backend/server-monitor.ts';
import { freeConnectionRows } from './free-connections.ts';
import { type Listener, listen } from './listener.ts';
import { readPortSettings } from './port-settings.ts';
import { createQueryRouter } from './routing/query-router.ts';
import { ClientSession } from './session/client-session.ts';
import { admit } from './session/login-desk.ts';
import type { PortContext } from './session/port-context.ts';
import { processlistRows } from './session/processlist.ts';
import { watchSessions } from './session/session-watch.ts';
import { ThreadClock } from './session/thread-clock.ts';

export interface TrafficPortOptions {
  readonly runtime: LabRuntime;
  readonly stats: LabStatistics;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** A fraction in [0, 1), for the choice among back ends by weight. @default Math.random */
  readonly random?: () => number;
}

export interface TrafficPort {
  readonly port: number;
  /** No new clients; those that are in go on. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Drops all clients and closes all connections; resolves when the port is free. */
  stop(): Promise<void>;
}

const WORKER_THREADS = 2;

/** Starts the side of a lab proxy that clients talk to. Errors: PORT_TAKEN, SERVICE_START_FAILED. */
export async function startTrafficPort(options: TrafficPortOptions): Promise<TrafficPort> {
  const { runtime, stats, host, random } = options;
  let settings = readPortSettings(runtime);
  let route = createQueryRouter(runtime.rules());
  let serversLoaded = 1;
  let sessionsBegun = 0;
  let stopped = false;
  const pool = new BackendPool({
    settings: () => settings,
    globals: stats.globals,
    serverErrors: stats.serverErrors,
    clock: stats.clock,
    random,
  });
  pool.load(runtime.servers());
  const context: PortContext = { stats, pool, settings: () => settings, route: (statement) => route(statement) };
  const sockets = new Set<Socket>();
  const sessions = new Map<number, ClientSession>();
  const userConnections = new Map<string, number>();
  const threads = Array.from({ length: WORKER_THREADS }, (_, id) => new ThreadClock(id, stats.clock));
  const occupancy = { total: () => sockets.size - 1, of: (user: string) => userConnections.get(user) ?? 0 };

  runtime.onLoaded((module) => {
    if (stopped) return;
    if (module === 'variables') settings = readPortSettings(runtime);
    if (module === 'rules') route = createQueryRouter(runtime.rules());
    if (module !== 'servers') return;
    serversLoaded += 1;
    pool.load(runtime.servers());
    // A server that is OFFLINE_HARD takes the clients down that were using it.
    for (const session of [...sessions.values()]) {
      if (session.state.attached?.server.config.status === 'OFFLINE_HARD') session.end();
    }
  });

  async function serve(socket: Socket): Promise<void> {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    stats.globals.add('Client_Connections_created');
    sessionsBegun += 1;
    const id = sessionsBegun;
    const thread = threads[id % threads.length] ?? new ThreadClock(0, stats.clock);
    const state = await admit(context, runtime, occupancy, { socket, sessionId: id, thread });
    if (state === undefined) return;
    const user = state.identity.user.username;
    userConnections.set(user, occupancy.of(user) + 1);
    const session = new ClientSession(context, state, socket, () => {
      sessions.delete(id);
      userConnections.set(user, occupancy.of(user) - 1);
    });
    sessions.set(id, session);
  }

  let listener: Listener | undefined = await listen(host, options.port, (socket) => void serve(socket));
  const { port } = listener;
  const monitor = startServerMonitor({
    servers: () => pool.servers,
    settings: () => settings,
    globals: stats.globals,
    serverErrors: stats.serverErrors,
    clock: stats.clock,
  });
  const stopWatch = watchSessions(context, () => sessions.values());

  const live: LiveState = {
    processlist: () => processlistRows(context, sessions.values(), port),
    connectionPool: () => pool.servers.map((server) => server.poolRow(settings)),
    resetConnectionPool() {
      for (const server of pool.servers) server.resetCounters();
      return pool.servers.length;
    },
    freeConnections: () => freeConnectionRows(pool.servers, stats.clock),
    userConnections: () => userConnections,
    gauges: () => ({
      Active_Transactions: count(sessions.values(), ({ state }) => state.inTransaction || state.running !== undefined),
      Client_Connections_connected: sessions.size,
      Client_Connections_non_idle: sessions.size,
      Server_Connections_connected: pool.servers.reduce((sum, { idle, used }) => sum + idle.size + used.size, 0),
      Servers_table_version: serversLoaded,
      MySQL_Thread_Workers: threads.length,
      Stmt_Client_Active_Total: [...sessions.values()].reduce((sum, { statements }) => sum + statements.size, 0),
      mysql_listener_paused: String(listener === undefined),
    }),
    monitoredStatus(hostgroup, serverHost, serverPort) {
      const found = pool.servers.find(
        ({ config }) => config.hostgroup === hostgroup && config.host === serverHost && config.port === serverPort,
      );
      return found?.status(settings);
    },
    monitorRows: (table) => monitor.rows(table),
    killSession(sessionId) {
      const session = sessions.get(sessionId);
      session?.end();
      return session !== undefined;
    },
  };
  stats.attach(live);

  return {
    port,
    async pause() {
      const open = listener;
      listener = undefined;
      // Its promise waits for the clients that stay in.
      void open?.close();
    },
    async resume() {
      if (!stopped) listener ??= await listen(host, port, (socket) => void serve(socket));
    },
    async stop() {
      stopped = true;
      stats.attach(undefined);
      stopWatch();
      for (const session of [...sessions.values()]) session.end();
      for (const socket of sockets) socket.destroy();
      await Promise.all([listener?.close(), monitor.stop(), pool.close()]);
    },
  };
}

function count<T>(items: Iterable<T>, holds: (item: T) => boolean): number {
  let found = 0;
  for (const item of items) if (holds(item)) found += 1;
  return found;
}
