import { openAdminInterface } from './admin/admin-interface.ts';
import type { LabCommand } from './contract.ts';
import { firstRunSql, type LabBackends } from './first-run.ts';
import { type LabClock, systemClock } from './stats/clock.ts';
import { createLabStatistics, type LabStatistics } from './stats/lab-statistics.ts';
import { startTrafficPort, type TrafficPort } from './traffic-port/traffic-port.ts';

export interface LabProxyOptions {
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** 0 takes a free one. */
  readonly adminPort: number;
  /** 0 takes a free one; `undefined` starts no traffic side, which the admin interface does not need. */
  readonly trafficPort?: number | undefined;
  /** Folder of what is SAVEd TO DISK; made if it is not there. */
  readonly dataDir: string;
  /** Other nodes of the cluster, by their admin ports. @default none */
  readonly peers?: readonly { readonly host: string; readonly port: number }[];
  /** What the configuration tables hold at the first start on `dataDir`. @default nothing */
  readonly backends?: LabBackends;
  /** Variables other than the recorded ones, by full name; used at the first start on `dataDir` only. */
  readonly variables?: Readonly<Record<string, string>>;
  /** PROXYSQL SHUTDOWN and PROXYSQL KILL end here. @default stops the lab proxy */
  readonly onExit?: (command: 'shutdown' | 'kill') => void;
  /** @default silence */
  readonly log?: (line: string) => void;
  readonly clock?: LabClock;
}

export interface LabProxy {
  readonly adminPort: number;
  /** 0 without a traffic side. */
  readonly trafficPort: number;
  /** For tests and benchmarks that seed digests or read counters without the wire. */
  readonly stats: LabStatistics;
  /** Closes both ports and the databases; a second call waits for the first. */
  stop(): Promise<void>;
}

/**
 * Starts a lab proxy in this process: the admin interface over the configuration in `dataDir`, and a traffic port that
 * obeys it. Errors: PORT_TAKEN, SERVICE_START_FAILED.
 */
export async function startLabProxy(options: LabProxyOptions): Promise<LabProxy> {
  const { host = '127.0.0.1', log = () => undefined, clock = systemClock } = options;
  const admin = openAdminInterface({
    dataDir: options.dataDir,
    peers: options.peers ?? [],
    variables: { ...options.backends?.variables, ...options.variables },
    firstRun: firstRunSql(options.backends ?? {}),
    log,
    nowMs: () => clock.wallMs(),
  });
  const stats = createLabStatistics(admin.runtime, clock);
  let traffic: TrafficPort | undefined;
  let trafficPort = options.trafficPort;
  let stopping: Promise<void> | undefined;

  async function startTraffic(): Promise<void> {
    if (trafficPort === undefined || traffic !== undefined || stopping !== undefined) return;
    traffic = await startTrafficPort({ runtime: admin.runtime, stats, host, port: trafficPort });
    // A later START listens where this one did.
    trafficPort = traffic.port;
  }

  async function stopTraffic(): Promise<void> {
    const running = traffic;
    traffic = undefined;
    await running?.stop();
  }

  function stop(): Promise<void> {
    stopping ??= Promise.all([stopTraffic(), admin.close()]).then(() => undefined);
    return stopping;
  }

  const exit = options.onExit ?? (() => void stop());
  const commands: Readonly<Record<LabCommand, () => void | Promise<void>>> = {
    pause: () => traffic?.pause(),
    resume: () => traffic?.resume(),
    stop: () => stopTraffic().then(() => stats.forget()),
    start: startTraffic,
    // After the answer: who asked is cut off by the admin interface itself.
    shutdown: () => void setImmediate(exit, 'shutdown'),
    kill: () => void setImmediate(exit, 'kill'),
  };

  try {
    await startTraffic();
    const { port: adminPort } = await admin.listen({
      host,
      port: options.adminPort,
      stats,
      control: async (command) => commands[command](),
    });
    return { adminPort, trafficPort: trafficPort ?? 0, stats, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
