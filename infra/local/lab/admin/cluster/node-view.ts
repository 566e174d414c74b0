import type { Row } from '../../contract.ts';
import type { Peer, PeerRow } from './peer.ts';

/** What one node of the cluster is asked for now and then, beside its checksums. */
export const NODE_COUNTERS = [
  'ProxySQL_Uptime',
  'Questions',
  'Client_Connections_connected',
  'Client_Connections_created',
] as const;

interface SeenChecksum {
  readonly version: number;
  readonly epoch: number;
  readonly checksum: string;
  readonly changedAtS: number;
  readonly updatedAtS: number;
}

/** What this node knows of one node of its cluster, itself included: rows of the tables `stats_proxysql_servers_…`. */
export class NodeView {
  readonly #peer: Peer;
  readonly #nowMs: () => number;
  readonly #checksums = new Map<string, SeenChecksum>();
  #counters: readonly number[] = NODE_COUNTERS.map(() => 0);
  #responseMs = 0;
  /** The start of time, as for a node that never answered at ProxySQL's. */
  #countedAtMs = 0;

  constructor(peer: Peer, nowMs: () => number) {
    this.#peer = peer;
    this.#nowMs = nowMs;
  }

  /** Rows of its runtime_checksums_values. */
  sawChecksums(rows: readonly (readonly (string | number | null)[])[]): void {
    const nowS = Math.floor(this.#nowMs() / 1000);
    for (const [name, version, epoch, checksum] of rows) {
      const known = this.#checksums.get(String(name));
      const changedAtS = known?.checksum === String(checksum) ? known.changedAtS : nowS;
      const seen = { version: Number(version), epoch: Number(epoch), checksum: String(checksum) };
      this.#checksums.set(String(name), { ...seen, changedAtS, updatedAtS: nowS });
    }
  }

  /** Rows of its stats_mysql_global. */
  sawCounters(rows: Iterable<Row | PeerRow>, responseMs: number): void {
    const values = new Map([...rows].map(([name, value]) => [String(name), Number(value)]));
    this.#counters = NODE_COUNTERS.map((name) => values.get(name) ?? 0);
    this.#responseMs = responseMs;
    this.#countedAtMs = this.#nowMs();
  }

  checksumRows(): readonly Row[] {
    const { host, port } = this.#peer;
    return [...this.#checksums].map(([name, { version, epoch, checksum, changedAtS, updatedAtS }]) => {
      return [host, port, name, version, epoch, checksum, changedAtS, updatedAtS, 0];
    });
  }

  metricsRow(): Row {
    const [uptimeS = 0, queries = 0, connected = 0, created = 0] = this.#counters;
    const lastCheckMs = this.#nowMs() - this.#countedAtMs;
    const { host, port } = this.#peer;
    return [host, port, 0, '', this.#responseMs, uptimeS, lastCheckMs, queries, connected, created];
  }
}
