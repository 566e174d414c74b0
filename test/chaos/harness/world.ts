import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Accounts } from '../oracle/accounts.ts';
import { Ledger } from '../oracle/ledger.ts';
import { Witness } from '../oracle/witness.ts';
import { ChaosProxy } from './chaos-proxy.ts';
import { ChaosRedis } from './chaos-redis.ts';
import { GatewayFleet } from './gateway-fleet.ts';
import type { GatewayProcess } from './gateway-process.ts';
import { Prober } from './prober.ts';
import { type PrometheusWatch, startPrometheusWatch } from './prometheus-watch.ts';
import type { Random } from './random.ts';
import { Scraper } from './scraper.ts';
import { GATEWAY_ENV, PROBE_MS } from './settings.ts';
import { settle, shared } from './settle.ts';
import type { Timeline } from './timeline.ts';
import { Traffic } from './traffic.ts';
import { eventually } from './wait.ts';

export interface WorldOptions {
  readonly random: Random;
  readonly timeline: Timeline;
  readonly isPatient: boolean;
  /** @default 8 */
  readonly proxies?: number;
  /** @default 3 */
  readonly gateways?: number;
  /** Whether a Prometheus watches too, beside the scraper that does as it does. @default false */
  readonly prometheus?: boolean;
  /** Variables of every gateway. */
  readonly env?: Readonly<Record<string, string>>;
}

const START_MS = 20_000;

/** A fleet of real gateways on a real Redis, before proxies of which everything is known, and those who watch it. */
export class World {
  readonly random: Random;
  readonly timeline: Timeline;
  readonly redis: ChaosRedis;
  readonly fleet: GatewayFleet;
  readonly proxies: readonly ChaosProxy[];
  readonly traffic: Traffic;
  readonly accounts: Accounts;
  readonly witness: Witness;
  readonly ledger: Ledger;
  readonly prober: Prober;
  readonly scraper: Scraper;
  readonly #dir = mkdtempSync(join(tmpdir(), 'proxywatch-chaos-'));
  /** Whether being late is no violation. */
  readonly isPatient: boolean;
  /** Whether series leave and enter. */
  readonly isRenamed: boolean;
  #registered: readonly string[] = [];
  prometheus: PrometheusWatch | undefined;

  private constructor(options: WorldOptions, redis: ChaosRedis) {
    const { random, timeline, proxies = 8, env = {} } = options;
    this.isRenamed = env.DIGEST_TOP_N !== undefined;
    this.isPatient = options.isPatient;
    this.random = random;
    this.timeline = timeline;
    this.redis = redis;
    this.proxies = Array.from({ length: proxies }, (_, i) => {
      const id = `p${i + 1}`;
      return new ChaosProxy(id, join(this.#dir, id), random.fork(id));
    });
    const violate = (kind: string, what: string) => timeline.violate(kind, what);
    this.accounts = new Accounts(violate);
    this.witness = new Witness({ truthOf: (id) => this.proxy(id).truth.total, violate });
    this.ledger = new Ledger((what) => violate('fell in Prometheus', what));
    this.traffic = new Traffic(this.proxies, random.fork('traffic'));
    this.fleet = new GatewayFleet({
      dir: this.#dir,
      redisPort: () => redis.port,
      env: {
        PATH: process.env.PATH ?? '',
        ...GATEWAY_ENV,
        PROXIES_FILE: this.#file('proxies.json'),
        PROXY_CREDENTIALS_FILE: this.#file('credentials.json'),
        ...env,
      },
      timeline,
    });
    this.prober = new Prober({
      gateways: () => this.fleet.all.filter(({ isGone }) => !isGone),
      running: () => this.fleet.running,
      proxies: () => this.registered,
      witness: this.witness,
      violate,
    });
    this.scraper = new Scraper({
      discoveryUrls: () => this.fleet.discoveryUrls,
      ledger: this.ledger,
      witness: this.witness,
    });
  }

  /** Everything runs, every proxy is served and every gateway has some; traffic rests. */
  static async start(options: WorldOptions): Promise<World> {
    const world = new World(options, await ChaosRedis.start(options.timeline));
    try {
      await Promise.all(world.proxies.map((proxy) => proxy.start()));
      writeFileSync(world.#file('credentials.json'), JSON.stringify({ stats: { user: 'stats', password: 'stats' } }));
      world.register(world.proxies.map(({ id }) => id));
      const ids = Array.from({ length: options.gateways ?? 3 }, (_, i) => `g${i + 1}`);
      await Promise.all(ids.map((id) => world.fleet.start(id)));
      if (options.prometheus) {
        world.prometheus = await startPrometheusWatch(() => world.fleet.running.map(({ url }) => `${url}/sd`));
      }
      await settle(world, 'the start', START_MS);
      await shared(world, START_MS);
      return world;
    } catch (error) {
      await world.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.traffic.stop();
    await Promise.all([this.scraper.stop(), this.prober.stop(), this.prometheus?.stop()]);
    await this.fleet.stop();
    await Promise.all(this.proxies.map((proxy) => proxy.stop()));
    await this.redis.stop();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** The gateway that serves a proxy now, if exactly one does. */
  async ownerOf(proxyId: string): Promise<GatewayProcess | undefined> {
    const servers = await this.prober.servers(proxyId, PROBE_MS);
    return servers.length === 1 ? this.fleet.all.find(({ id }) => id === servers[0]) : undefined;
  }

  /** The gateway that serves a proxy, once one does: while it moves to one that has just come, or a probe is late, none seems to. */
  awaitOwnerOf(proxyId: string): Promise<GatewayProcess> {
    return eventually(() => this.ownerOf(proxyId), {
      withinMs: START_MS,
      problem: () => `${proxyId} has no owner`,
    });
  }

  get registered(): readonly string[] {
    return this.#registered;
  }

  proxy(id: string): ChaosProxy {
    const proxy = this.proxies.find((other) => other.id === id);
    if (!proxy) throw new Error(`no proxy ${id}`);
    return proxy;
  }

  /** Makes these the registry. */
  register(ids: readonly string[]): void {
    this.#registered = ids;
    const entries = ids.map((id) => ({
      id,
      kind: 'proxysql',
      namespace: 'chaos',
      adminHost: '127.0.0.1',
      adminPort: this.proxy(id).port,
      statsCredentialRef: 'stats',
    }));
    writeFileSync(this.#file('proxies.new'), JSON.stringify(entries));
    renameSync(this.#file('proxies.new'), this.#file('proxies.json'));
  }

  resetProxy(id: string): void {
    this.timeline.note(`${id}'s table is emptied`);
    this.#noteReset(id);
    this.proxy(id).reset();
  }

  async restartProxy(id: string): Promise<void> {
    this.timeline.note(`${id} restarts`);
    this.#noteReset(id);
    await this.proxy(id).restart();
  }

  #noteReset(id: string): void {
    this.accounts.noteReset(id, this.proxy(id).truth.total, this.witness.shown(id));
  }

  emptyRedis(whileMoving = false): Promise<void> {
    return this.redis.empty(this.registered, whileMoving);
  }

  #file(name: string): string {
    return join(this.#dir, name);
  }
}
