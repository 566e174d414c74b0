import { setTimeout as delay } from 'node:timers/promises';
import type { MonitorTable, Row } from '../../contract.ts';
import type { LabClock } from '../../stats/clock.ts';
import type { GlobalStatus } from '../../stats/global-status.ts';
import type { ServerErrors } from '../../stats/server-errors.ts';
import type { PortSettings } from '../port-settings.ts';
import type { BackendServer } from './backend-server.ts';
import { BackendRefusal, connectBackend, UNREACHABLE_ERRNO } from './connect.ts';

export interface ServerMonitorOptions {
  readonly servers: () => readonly BackendServer[];
  readonly settings: () => PortSettings;
  readonly globals: GlobalStatus;
  readonly serverErrors: ServerErrors;
  readonly clock: LabClock;
}

export interface ServerMonitor {
  /** Rows of the monitor's tables; only pings are logged. */
  rows(table: MonitorTable): readonly Row[];
  /** Resolves when no ping is under way. */
  stop(): Promise<void>;
}

const LOG_ROWS = 600;
const IDLE_CHECK_MS = 1000;
// The monitor looks at servers, whatever hostgroups they are in.
const NO_HOSTGROUP = 0;

/** Looks at every back end now and then; one that misses several pings in a row is shunned until it answers again. */
export function startServerMonitor(options: ServerMonitorOptions): ServerMonitor {
  const { servers, settings, globals, serverErrors, clock } = options;
  const missed = new Map<string, number>();
  const log: Row[] = [];
  const stopped = new AbortController();

  async function ping(host: string, port: number): Promise<void> {
    const { monitorUser, monitorPassword, pingTimeoutMs, pingMaxFailures } = settings();
    const startedUs = clock.monotonicUs();
    const startedWallUs = clock.wallMs() * 1000;
    const error = await reach({ host, port }, monitorUser, monitorPassword, pingTimeoutMs);
    if (stopped.signal.aborted) return;
    const tookUs = clock.monotonicUs() - startedUs;
    const key = JSON.stringify([host, port]);
    const misses = error === undefined ? 0 : (missed.get(key) ?? 0) + 1;
    missed.set(key, misses);
    globals.add(error === undefined ? 'MySQL_Monitor_ping_check_OK' : 'MySQL_Monitor_ping_check_ERR');
    if (error !== undefined) {
      serverErrors.record('monitor', { hostgroup: NO_HOSTGROUP, host, port, errno: UNREACHABLE_ERRNO });
    }
    log.push([host, port, startedWallUs, error === undefined ? tookUs : 0, error ?? null]);
    if (log.length > LOG_ROWS) log.splice(0, log.length - LOG_ROWS);
    for (const server of servers()) {
      if (server.config.host !== host || server.config.port !== port) continue;
      server.noteMonitored(misses < pingMaxFailures);
      if (error === undefined) server.latencyUs = tookUs;
    }
  }

  async function round(): Promise<void> {
    const targets = new Map(servers().map(({ config }) => [JSON.stringify([config.host, config.port]), config]));
    await Promise.all([...targets.values()].map(({ host, port }) => ping(host, port)));
  }

  async function loop(): Promise<void> {
    while (!stopped.signal.aborted) {
      const { monitorEnabled, pingIntervalMs } = settings();
      if (monitorEnabled) await round();
      const pauseMs = monitorEnabled ? Math.max(100, pingIntervalMs) : IDLE_CHECK_MS;
      await delay(pauseMs, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  }

  const running = loop();
  return {
    rows: (table) => (table === 'mysql_server_ping_log' ? log : []),
    async stop() {
      stopped.abort();
      await running;
    },
  };
}

/** What is wrong with a back end; one that refuses the monitor's log-in is alive. */
async function reach(
  address: { readonly host: string; readonly port: number },
  user: string,
  password: string,
  timeoutMs: number,
): Promise<string | undefined> {
  try {
    const { socket } = await connectBackend(address, { user, password, charset: 33, foundRows: true }, timeoutMs);
    // COM_QUIT: a connection that is only cut counts as aborted at the server.
    socket.end(Buffer.from([1, 0, 0, 0, 1]));
    socket.destroySoon();
    return undefined;
  } catch (error) {
    if (error instanceof BackendRefusal) return undefined;
    return `Can't connect to server on '${address.host}' (${error instanceof Error ? error.message : String(error)})`;
  }
}
