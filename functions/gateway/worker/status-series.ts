import {
  type BackendStatus,
  COMMAND_BUCKETS_US,
  type CommandLatency,
  type ProxyStatus,
} from '@proxywatch/core/domain/proxy-status';
import type { ProxyDocument } from '../exposition/document.ts';
import { encodeLabels } from '../exposition/labels.ts';
import { FAMILIES } from '../families.ts';
import { KeyedSeries } from './keyed-series.ts';

const NO_OBSERVATIONS = new Array<number>(COMMAND_BUCKETS_US.length + 1).fill(0);

/** Series of what a proxy tells of itself, raw: counters that begin again with the proxy, as Prometheus expects of them. */
export class StatusSeries {
  readonly #proxy;
  readonly #proxyRef;
  readonly #commands;
  readonly #connections;
  readonly #backends;
  readonly #backendStatus;

  constructor(document: ProxyDocument, common: Readonly<Record<string, string>>) {
    const { uptime, clientConnections, activeTransactions, slowQueries } = FAMILIES;
    this.#proxy = document.table(uptime, clientConnections, activeTransactions, slowQueries);
    this.#proxyRef = this.#proxy.add(encodeLabels(common));
    this.#commands = new KeyedSeries(document.table(FAMILIES.commandDuration), common);
    this.#connections = new KeyedSeries(document.table(FAMILIES.backendConnections), common);
    this.#backends = new KeyedSeries(
      document.table(
        FAMILIES.backendQueries,
        FAMILIES.backendBytesSent,
        FAMILIES.backendBytesReceived,
        FAMILIES.backendLatency,
        FAMILIES.backendConnectionsOk,
        FAMILIES.backendConnectionsFailed,
      ),
      common,
    );
    this.#backendStatus = new KeyedSeries(document.table(FAMILIES.backendStatus), common);
  }

  set exposed(exposed: boolean) {
    this.#proxy.exposed = exposed;
    for (const { table } of [this.#commands, this.#connections, this.#backends, this.#backendStatus]) {
      table.exposed = exposed;
    }
  }

  show(status: ProxyStatus): void {
    const values = [status.uptimeS, status.clientConnections, status.activeTransactions, status.slowQueries];
    for (const [column, value] of values.entries()) this.#proxy.set(this.#proxyRef, value, column);
    this.#showCommands(status.commands);
    for (const backend of status.backends) this.#showBackend(backend);
    const backends = status.backends.map(keyOf);
    this.#backends.keepOnly(new Set(backends));
    this.#connections.keepOnly(new Set(backends.flatMap((key) => [`used ${key}`, `free ${key}`])));
    this.#backendStatus.keepOnly(new Set(status.backends.map(statusKeyOf)));
  }

  /** A command that was shown before and is absent now has not run since the proxy restarted: it is at zero. */
  #showCommands(commands: readonly CommandLatency[]): void {
    const absent = new Set(this.#commands.keys());
    for (const { command, buckets, totalTimeUs } of commands) {
      const ref = this.#commands.refOf(command, () => ({ command }));
      this.#commands.table.setHistogram(ref, buckets, totalTimeUs);
      absent.delete(command);
    }
    for (const command of absent) {
      this.#commands.table.setHistogram(
        this.#commands.refOf(command, () => ({ command })),
        NO_OBSERVATIONS,
        0,
      );
    }
  }

  #showBackend(backend: BackendStatus): void {
    const key = keyOf(backend);
    const labels = { hostgroup: backend.hostgroup, backend: `${backend.host}:${backend.port}` };
    const ref = this.#backends.refOf(key, () => labels);
    const values = [
      backend.queries,
      backend.bytesSent,
      backend.bytesReceived,
      backend.latencyUs,
      backend.connectionsOk,
      backend.connectionsFailed,
    ];
    for (const [column, value] of values.entries()) this.#backends.table.set(ref, value, column);
    for (const [state, count] of [
      ['used', backend.connectionsUsed],
      ['free', backend.connectionsFree],
    ] as const) {
      const connections = this.#connections.refOf(`${state} ${key}`, () => ({ ...labels, state }));
      this.#connections.table.set(connections, count);
    }
    const { status } = backend;
    this.#backendStatus.table.set(
      this.#backendStatus.refOf(statusKeyOf(backend), () => ({ ...labels, status })),
      1,
    );
  }
}

function keyOf({ hostgroup, host, port }: BackendStatus): string {
  return JSON.stringify([hostgroup, host, port]);
}

function statusKeyOf(backend: BackendStatus): string {
  return `${backend.status} ${keyOf(backend)}`;
}
