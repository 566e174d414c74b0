import {
  CONFIG_TABLES,
  type ConfigLayer,
  type ConfigModule,
  type ConfigRow,
  type ConfigSnapshot,
  type ConfigTable,
  type LayerRows,
  MODULE_OF,
} from '../../layers/core/src/domain/control/config-rows.ts';
import { applyWrites, tablesOfModules } from '../../layers/core/src/domain/control/row-writes.ts';
import { ProxywatchError } from '../../layers/core/src/domain/errors.ts';
import type { ControlSession, HealthReading, ProxyControl } from '../../layers/core/src/ports/proxy-control.ts';

/** Tables of one layer, always all of them. */
export type Tables = Record<ConfigTable, ConfigRow[]>;

export type Act = 'connect' | 'fetch' | 'write' | 'replace' | 'load' | 'save' | 'health';

/** A proxy without a wire: three layers, one cluster, and whatever a test wants to go wrong. */
export class MemoryProxy {
  readonly id: string;
  readonly port: number;
  memory: Tables = emptyTables();
  runtime: Tables = emptyTables();
  disk: Tables = emptyTables();
  peers: MemoryProxy[] = [];
  isDown = false;
  uptimeS = 1_000;
  /** Of the last LOAD here or pull, by module; what is newer wins among peers. */
  versions: Record<string, number> = {};
  health = { accessDenied: 0, backendConnectionsFailed: 0, backendErrors: 0 };
  servers: HealthReading['servers'] = [];
  /** Values that the proxy answers OK to and does not take, by row key. */
  readonly refused = new Map<string, string>();
  readonly counts = { load: {} as Record<string, number>, save: {} as Record<string, number>, write: 0 };
  /** Runs before anything is done; may throw, or change the proxy as somebody else would. */
  onAct: (act: Act, proxy: MemoryProxy, detail?: string) => void | Promise<void> = () => {};
  /** Whether peers take over what is loaded here, and it what is loaded there. */
  pulls = true;

  constructor(id: string, port: number) {
    this.id = id;
    this.port = port;
  }

  /** All three layers at once. */
  put(table: ConfigTable, ...rows: ConfigRow[]): void {
    for (const layer of [this.memory, this.runtime, this.disk])
      layer[table] = structuredClone([...layer[table], ...rows]);
  }

  load(module: ConfigModule, version: number): void {
    for (const table of tablesIn(module)) {
      this.runtime[table] = structuredClone(this.memory[table].filter(({ fields }) => fields.active !== '0')).map(
        (row) => {
          const kept = this.refused.get(row.key);
          return kept === undefined ? row : { key: row.key, fields: { ...row.fields, value: kept } };
        },
      );
    }
    this.versions[module] = version;
  }

  restart(): void {
    this.memory = structuredClone(this.disk);
    for (const module of ['users', 'servers', 'rules', 'variables'] as const) this.load(module, 0);
    this.uptimeS = 0;
    this.isDown = false;
  }

  /** One look at the peers. */
  pull(): void {
    if (this.isDown || !this.pulls) return;
    for (const peer of this.peers) {
      for (const [module, version] of Object.entries(peer.versions)) {
        if (peer.isDown || !peer.pulls || version <= (this.versions[module] ?? 0)) continue;
        for (const table of tablesIn(module as ConfigModule)) {
          this.runtime[table] = structuredClone(peer.runtime[table]);
          this.memory[table] = structuredClone(peer.runtime[table]);
          this.disk[table] = structuredClone(peer.runtime[table]);
        }
        this.versions[module] = version;
      }
    }
  }

  snapshot(): string {
    return JSON.stringify([this.memory, this.runtime, this.disk].map(sorted));
  }
}

function sorted(tables: Tables) {
  return CONFIG_TABLES.map((table) =>
    tables[table]
      .toSorted((a, b) => (a.key < b.key ? -1 : 1))
      .map(({ key, fields }) => [key, Object.entries(fields).toSorted()]),
  );
}

export class MemoryFleet {
  readonly proxies: readonly MemoryProxy[];
  #version = 1;

  constructor(ids: readonly string[]) {
    this.proxies = ids.map((id, i) => new MemoryProxy(id, 6032 + i));
  }

  get(id: string): MemoryProxy {
    const proxy = this.proxies.find((known) => known.id === id);
    if (proxy === undefined) throw new Error(`no proxy ${id}`);
    return proxy;
  }

  cluster(...ids: string[]): void {
    for (const id of ids) this.get(id).peers = ids.filter((other) => other !== id).map((other) => this.get(other));
  }

  /** Time goes on: members of clusters look at each other. */
  tick(): void {
    for (const proxy of this.proxies) proxy.pull();
  }

  nextVersion(): number {
    this.#version += 1;
    return this.#version;
  }

  /** Somebody with a shell: a change of memory, loaded. */
  byHand(id: string, module: ConfigModule, change: (proxy: MemoryProxy) => void): void {
    const proxy = this.get(id);
    change(proxy);
    proxy.load(module, this.nextVersion());
  }
}

export function createMemoryControl(fleet: MemoryFleet, kind = 'memory'): ProxyControl {
  return {
    kind,
    fields: [],
    variables: { all: [], find: () => undefined, problemOf: () => undefined },
    render: ({ accounts, servers, variables }) => ({
      tables: {
        users: accounts.map(({ username, password, defaultHostgroup, active, maxConnections }) =>
          row([username], {
            password: password.hash,
            default_hostgroup: String(defaultHostgroup),
            active: active ? '1' : '0',
            max_connections: String(maxConnections),
          }),
        ),
        servers: servers.map(({ hostgroup, host, port, weight }) =>
          row([String(hostgroup), host, String(port)], { weight: String(weight), status: 'ONLINE' }),
        ),
        variables: variables.map(({ name, value }) => row([name], { value })),
      },
      notes: [],
    }),
    isSame: (_table, _field, wanted, found) => wanted === found,
    isOwn: () => false,
    isSecret: (table, _key, field) => table === 'users' && field === 'password',
    isMonitored: (table, field, _memory, runtime) => table === 'servers' && field === 'status' && runtime === 'SHUNNED',
    isAbsenceExpected: (_table, key, memory) =>
      Object.values(memory).some((rows) => rows?.some((held) => held.key === key && held.fields.active === '0')),
    nameOf: (table, key) => `${table.replace(/s$/, '')} ${(JSON.parse(key) as string[]).join(':')}`,
    async connect(proxy) {
      const found = fleet.get(proxy.id);
      await act(found, 'connect');
      return createSession(fleet, found);
    },
  };
}

export function row(key: readonly string[], fields: Record<string, string | null>): ConfigRow {
  return { key: JSON.stringify(key), fields };
}

function createSession(fleet: MemoryFleet, proxy: MemoryProxy): ControlSession {
  let closed = false;
  const on = async (what: Act, detail?: string) => {
    try {
      await act(proxy, what, detail);
    } catch (error) {
      closed = true;
      throw error;
    }
  };
  return {
    version: '1',
    get closed() {
      return closed || proxy.isDown;
    },
    async fetchConfig(modules: readonly ConfigModule[], layers: readonly ConfigLayer[]): Promise<ConfigSnapshot> {
      await on('fetch');
      return structuredClone(
        Object.fromEntries(layers.map((layer) => [layer, tablesOfModules(proxy[layer], modules)])),
      );
    },
    async fetchFacts() {
      await on('fetch');
      const checksums = Object.entries(proxy.versions).map(([name, version]) => ({
        name,
        version,
        epochS: version,
        checksum: JSON.stringify(tablesOfModules(proxy.runtime, [name as ConfigModule])).length.toString(16),
      }));
      const clusterPeers = proxy.peers.map(({ port }) => ({ host: '127.0.0.1', port, isAnswering: true }));
      return { uptimeS: proxy.uptimeS, checksums, clusterPeers };
    },
    async write(writes) {
      await on('write');
      proxy.counts.write += 1;
      proxy.memory = { ...emptyTables(), ...(applyWrites(proxy.memory, writes) as Partial<Tables>) };
      await on('write', 'done');
    },
    async replace(module, rows: LayerRows) {
      await on('replace', module);
      for (const table of tablesIn(module)) proxy.memory[table] = structuredClone([...(rows[table] ?? [])]);
      await on('replace', 'done');
    },
    async load(module) {
      await on('load', module);
      count(proxy.counts.load, module);
      proxy.load(module, fleet.nextVersion());
      await on('load', 'done');
    },
    async save(module) {
      await on('save', module);
      count(proxy.counts.save, module);
      for (const table of tablesIn(module)) proxy.disk[table] = structuredClone(proxy.memory[table]);
      await on('save', 'done');
    },
    async fetchHealth() {
      await on('health');
      const { uptimeS, health, servers } = proxy;
      return { ...health, uptimeS, queries: 0, clientConnections: 0, servers };
    },
    killSessions: async () => 0,
    close: async () => {
      closed = true;
    },
  };
}

async function act(proxy: MemoryProxy, what: Act, detail?: string): Promise<void> {
  await proxy.onAct(what, proxy, detail);
  if (proxy.isDown) throw new ProxywatchError('PROXY_UNREACHABLE', `${proxy.id} cannot be reached`);
}

function count(counts: Record<string, number>, module: string): void {
  counts[module] = (counts[module] ?? 0) + 1;
}

function emptyTables(): Tables {
  return { users: [], servers: [], replicationHostgroups: [], rules: [], variables: [] };
}

function tablesIn(module: ConfigModule): readonly ConfigTable[] {
  return CONFIG_TABLES.filter((table) => MODULE_OF[table] === module);
}
