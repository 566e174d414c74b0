import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRedisMembershipStore } from '@proxywatch/core/drivers/membership/redis-membership-store';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import { pickFreePort } from '../../../infra/local/services/ports.ts';
import { startRedis } from '../../../infra/local/services/redis.ts';
import { Accounts } from '../oracle/accounts.ts';
import { Ledger } from '../oracle/ledger.ts';
import { Witness } from '../oracle/witness.ts';
import { ChaosProxy } from './chaos-proxy.ts';
import { emptyIfOwned } from './empty-redis.ts';
import { GatewayProcess } from './gateway-process.ts';
import { Prober } from './prober.ts';
import { type PrometheusWatch, startPrometheusWatch } from './prometheus-watch.ts';
import type { Random } from './random.ts';
import { Scraper } from './scraper.ts';
import type { Timeline } from './timeline.ts';
import { Traffic } from './traffic.ts';
import { eventually } from './wait.ts';

export interface WorldOptions {
  readonly random: Random;
  readonly timeline: Timeline;
  /** @default 8 */
  readonly proxies?: number;
  /** @default 3 */
  readonly gateways?: number;
  /** Whether a Prometheus watches too, beside the scraper that does as it does. @default false */
  readonly prometheus?: boolean;
  /** Variables of every gateway. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface SettleOptions {
  /** When the fault began. @default now */
  readonly sinceMs?: number;
  /** Id of a gateway that lost its proxies. */
  readonly without?: string;
}

/** Short, so that a scenario takes seconds; a heartbeat every 500 ms leaves room for three that fail. */
export const LEASE_MS = 2_000;
export const SLOT_GRACE_MS = 3_000;
const ENV = {
  GATEWAY_LEASE_MS: String(LEASE_MS),
  SLOT_GRACE_SECONDS: String(SLOT_GRACE_MS / 1000),
  REGISTRY_POLL_MS: '500',
  COLLECT_SHARE_MS: '200',
};
const SCRAPED_WITHIN_MS = 15_000;
const PROBE_MS = 1_500;
const ROUND_MS = 200;
const START_MS = 20_000;

/** A fleet of real gateways on a real Redis, before proxies of which everything is known, and those who watch it. */
export class World {
  readonly random: Random;
  readonly timeline: Timeline;
  readonly proxies: readonly ChaosProxy[];
  readonly traffic: Traffic;
  readonly accounts: Accounts;
  readonly witness: Witness;
  readonly ledger: Ledger;
  readonly prober: Prober;
  readonly scraper: Scraper;
  readonly #dir = mkdtempSync(join(tmpdir(), 'proxywatch-chaos-'));
  readonly #isRenamed: boolean;
  readonly #env: Readonly<Record<string, string>>;
  readonly #gateways = new Map<string, GatewayProcess>();
  readonly #ended: GatewayProcess[] = [];
  /** By id: who is restarted listens where it did, and a Prometheus that was told of a gateway asks it for ever. */
  readonly #ports = new Map<string, number>();

  #redis: Awaited<ReturnType<typeof startRedis>>;
  #prometheus: PrometheusWatch | undefined;

  private constructor(options: WorldOptions, redis: Awaited<ReturnType<typeof startRedis>>) {
    const { random, timeline, proxies = 8, env = {} } = options;
    this.#isRenamed = env.DIGEST_TOP_N !== undefined;
    this.random = random;
    this.timeline = timeline;
    this.#redis = redis;
    this.proxies = Array.from({ length: proxies }, (_, i) => {
      const id = `p${i + 1}`;
      return new ChaosProxy(id, join(this.#dir, id), random.fork(id));
    });
    const violate = (kind: string, what: string) => timeline.violate(kind, what);
    this.accounts = new Accounts(violate);
    this.witness = new Witness({ truthOf: (id) => this.proxy(id).truth.total, violate });
    this.ledger = new Ledger((what) => violate('fell in Prometheus', what));
    this.traffic = new Traffic(this.proxies, random.fork('traffic'));
    this.#env = {
      PATH: process.env.PATH ?? '',
      ...ENV,
      PROXIES_FILE: join(this.#dir, 'proxies.json'),
      PROXY_CREDENTIALS_FILE: join(this.#dir, 'credentials.json'),
      ...env,
    };
    this.prober = new Prober({
      gateways: () => this.gateways.filter(({ isGone }) => !isGone),
      running: () => this.running,
      proxies: () => this.registered,
      witness: this.witness,
      violate,
    });
    this.scraper = new Scraper({
      discoveryUrls: () => [...this.#ports.values()].map((port) => `http://127.0.0.1:${port}/sd`),
      ledger: this.ledger,
      witness: this.witness,
    });
  }

  /** Everything runs, every proxy is served and every gateway has some; traffic rests. */
  static async start(options: WorldOptions): Promise<World> {
    const world = new World(options, await startRedis());
    try {
      await Promise.all(world.proxies.map((proxy) => proxy.start()));
      writeFileSync(world.#file('credentials.json'), JSON.stringify({ stats: { user: 'stats', password: 'stats' } }));
      world.register(world.proxies.map(({ id }) => id));
      const ids = Array.from({ length: options.gateways ?? 3 }, (_, i) => `g${i + 1}`);
      await Promise.all(ids.map((id) => world.startGateway(id)));
      if (options.prometheus) {
        world.#prometheus = await startPrometheusWatch(() => world.running.map(({ url }) => `${url}/sd`));
      }
      await world.settle('the start', START_MS);
      await world.shared(START_MS);
      return world;
    } catch (error) {
      await world.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.traffic.stop();
    await Promise.all([this.scraper.stop(), this.prober.stop(), this.#prometheus?.stop()]);
    await Promise.all(this.gateways.map((gateway) => gateway.kill()));
    await Promise.all(this.proxies.map((proxy) => proxy.stop()));
    await this.#redis.stop();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  // --- gateways

  /** Those whose process was not ended by this suite. */
  get gateways(): readonly GatewayProcess[] {
    return [...this.#gateways.values()];
  }

  /** What the gateways logged last, those that are gone included. */
  get logs(): string {
    return [...this.#ended, ...this.gateways].map(({ id, log }) => `--- ${id}\n${log}`).join('\n');
  }

  get running(): readonly GatewayProcess[] {
    return this.gateways.filter(({ isRunning }) => isRunning);
  }

  gateway(id: string): GatewayProcess {
    const gateway = this.#gateways.get(id);
    if (!gateway) throw new Error(`no gateway ${id}`);
    return gateway;
  }

  async startGateway(id: string, env: Readonly<Record<string, string>> = {}): Promise<GatewayProcess> {
    const dir = join(this.#dir, `${id}-${this.#ended.length}`);
    mkdirSync(dir, { recursive: true });
    const port = this.#ports.get(id) ?? (await pickFreePort());
    this.#ports.set(id, port);
    const redisPort = () => this.#redis.port;
    const gateway = await GatewayProcess.start({ id, dir, port, redisPort, env: { ...this.#env, ...env } });
    this.#gateways.set(id, gateway);
    await gateway.answers();
    this.timeline.note(`${id} answers`);
    return gateway;
  }

  /** SIGKILL, sent before this returns. */
  async killGateway(id: string): Promise<void> {
    const killed = this.gateway(id).kill();
    this.timeline.note(`${id} is killed`);
    await killed;
    this.#forget(id);
  }

  async terminateGateway(id: string): Promise<void> {
    this.timeline.note(`${id} gets SIGTERM`);
    await this.gateway(id).terminate();
    this.timeline.note(`${id} has ended`);
    this.#forget(id);
  }

  #forget(id: string): void {
    this.#ended.push(this.gateway(id));
    this.#gateways.delete(id);
  }

  /** The gateway that serves a proxy now, if exactly one does. */
  async ownerOf(proxyId: string): Promise<GatewayProcess | undefined> {
    const servers = await this.prober.servers(proxyId, PROBE_MS);
    return servers.length === 1 && servers[0] !== undefined ? this.#gateways.get(servers[0]) : undefined;
  }

  // --- proxies

  get registered(): readonly string[] {
    return this.#registered;
  }

  #registered: readonly string[] = [];

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

  // --- Redis

  /**
   * Empties it at a moment at which every proxy has an owner who remembers it: what is on its way from one to another is
   * in Redis alone. With `whileMoving` also some proxy is assigned to another than its owner.
   */
  async emptyRedis(whileMoving = false): Promise<void> {
    const ask = () => this.useRedis((redis) => emptyIfOwned(redis, this.registered, whileMoving));
    await eventually(async () => (await ask()) || undefined, {
      withinMs: START_MS,
      pauseMs: 5,
      problem: () => 'there was no moment at which Redis could be emptied',
    });
    this.timeline.note('Redis is emptied');
  }

  async restartRedis(downMs = 0): Promise<void> {
    this.timeline.note('Redis restarts, empty');
    const { port } = this.#redis;
    await this.#redis.stop();
    if (downMs > 0) await new Promise((resolve) => setTimeout(resolve, downMs));
    this.#redis = await startRedis({ port });
  }

  async pin(proxyId: string, slot: string | undefined): Promise<void> {
    this.timeline.note(`${proxyId} is pinned to ${slot}`);
    await this.useRedis((redis) => createRedisMembershipStore(redis).pin(proxyId, slot));
  }

  async redisCall(command: string, ...args: readonly string[]): Promise<unknown> {
    return this.useRedis((redis) => redis.call(command, args));
  }

  async useRedis<T>(use: (redis: ReturnType<typeof createRedis>) => Promise<T>): Promise<T> {
    const redis = createRedis(this.#redis.url);
    try {
      return await use(redis);
    } finally {
      await redis.close();
    }
  }

  // --- what must hold

  /**
   * Waits until every registered proxy is served by exactly one gateway, and not by the one that must not; more than
   * `withinMs` is a violation.
   */
  async settle(what: string, withinMs: number, options: SettleOptions = {}): Promise<void> {
    const { sinceMs = performance.now(), without } = options;
    let odd: readonly string[] = [];
    let settledMs: number | undefined;
    // Rounds overlap: a gateway that answers late, or not at all, must not make the others look late.
    const round = async () => {
      const startedMs = performance.now();
      const servers = await Promise.all(this.registered.map((id) => this.prober.servers(id, PROBE_MS)));
      const others = this.registered.filter(
        (_, index) => servers[index]?.length !== 1 || servers[index]?.[0] === without,
      );
      if (others.length === 0) settledMs = Math.min(startedMs, settledMs ?? startedMs);
      else odd = others;
    };
    const rounds: Promise<void>[] = [];
    const ask = () => {
      rounds.push(round());
      return settledMs;
    };
    const endedMs = await eventually(ask, {
      withinMs: withinMs + 20_000,
      pauseMs: ROUND_MS,
      problem: () => `after ${what} ${odd.join(' ')} had no owner`,
    });
    await Promise.all(rounds);
    const tookMs = Math.round(Math.min(endedMs, settledMs ?? endedMs) - sinceMs);
    this.timeline.note(`every proxy is served ${tookMs} ms after ${what}`);
    if (tookMs <= withinMs) return;
    this.timeline.violate('late', `${tookMs} ms until all were served after ${what}, not ${withinMs}`);
  }

  /** Waits until every running gateway serves a proxy: those that join get their share. */
  async shared(withinMs: number): Promise<void> {
    const idle = async () => {
      const owners = await Promise.all(this.registered.map((id) => this.ownerOf(id)));
      return this.running.filter((gateway) => !owners.includes(gateway)).map(({ id }) => id);
    };
    await eventually(async () => ((await idle()).length === 0 ? true : undefined), {
      withinMs,
      problem: () => 'some gateways got no proxy',
    });
    this.timeline.note(`${this.running.length} gateways share the proxies`);
  }

  /** Traffic rests until everything that ran was scraped; then what is stored must be what ran. */
  async balance(when: string): Promise<void> {
    this.traffic.pause();
    const pausedMs = performance.now();
    await this.#compare(`${when}`, pausedMs, async () => this.ledger);
    const onFall = (what: string) => this.timeline.violate('fell in Prometheus', what);
    const prometheus = this.#prometheus;
    if (prometheus) await this.#compare(`in Prometheus ${when}`, pausedMs, () => prometheus.read(onFall));
    this.traffic.resume();
  }

  async #compare(when: string, pausedMs: number, read: () => Promise<Ledger>): Promise<void> {
    const ids = this.registered;
    let late: readonly string[] = [];
    const ask = async () => {
      const ledger = await read();
      late = ids.filter((id) => ledger.stored(id).scrapesMs.filter((startedMs) => startedMs > pausedMs).length < 2);
      return late.length === 0 ? ledger : undefined;
    };
    const ledger = await eventually(ask, {
      withinMs: SCRAPED_WITHIN_MS,
      pauseMs: 200,
      problem: () => `${late.join(' ')} are not scraped ${when}`,
    });
    const right = ids.filter((id) => {
      const { totals, series } = ledger.stored(id);
      // Series that left were seen by whoever scraped last: by the probes, if not by Prometheus.
      const stored = { totals, series: this.#isRenamed ? this.witness.series(id) : series };
      return this.accounts.compare(id, this.proxy(id).truth, stored);
    });
    this.timeline.note(`${right.length} of ${ids.length} proxies are exact ${when}`);
  }

  #file(name: string): string {
    return join(this.#dir, name);
  }
}
