import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pickFreePort } from '../../../infra/local/services/ports.ts';
import { GatewayProcess } from './gateway-process.ts';
import type { Timeline } from './timeline.ts';

export interface GatewayFleetOptions {
  /** For logs. */
  readonly dir: string;
  readonly redisPort: () => number;
  /** Variables of every gateway. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeline: Timeline;
}

/** Gateways by id; one that is restarted listens where it did before. */
export class GatewayFleet {
  readonly #options: GatewayFleetOptions;
  readonly #living = new Map<string, GatewayProcess>();
  readonly #ended: GatewayProcess[] = [];
  readonly #ports = new Map<string, number>();

  constructor(options: GatewayFleetOptions) {
    this.#options = options;
  }

  /** Those that were not ended by this suite, paused ones included. */
  get all(): readonly GatewayProcess[] {
    return [...this.#living.values()];
  }

  get running(): readonly GatewayProcess[] {
    return this.all.filter(({ isRunning }) => isRunning);
  }

  /** Of every gateway that there ever was: a Prometheus that was told of one asks it for ever. */
  get discoveryUrls(): readonly string[] {
    return [...this.#ports.values()].map((port) => `http://127.0.0.1:${port}/sd`);
  }

  /** What the gateways logged last, those that are gone included. */
  get logs(): string {
    return [...this.#ended, ...this.all].map(({ id, log }) => `--- ${id}\n${log}`).join('\n');
  }

  get(id: string): GatewayProcess {
    const gateway = this.#living.get(id);
    if (!gateway) throw new Error(`no gateway ${id}`);
    return gateway;
  }

  /** Resolves when it knows the fleet. */
  async start(id: string, env: Readonly<Record<string, string>> = {}): Promise<GatewayProcess> {
    const { redisPort, timeline, ...options } = this.#options;
    const dir = join(options.dir, `${id}-${this.#ended.length}`);
    mkdirSync(dir, { recursive: true });
    const port = this.#ports.get(id) ?? (await pickFreePort());
    this.#ports.set(id, port);
    const gateway = await GatewayProcess.start({ id, dir, port, redisPort, env: { ...options.env, ...env } });
    this.#living.set(id, gateway);
    await gateway.answers();
    timeline.note(`${id} answers`);
    return gateway;
  }

  /** SIGKILL, sent before this returns. */
  async kill(id: string): Promise<void> {
    const killed = this.get(id).kill();
    this.#options.timeline.note(`${id} is killed`);
    await killed;
    this.#forget(id);
  }

  async terminate(id: string): Promise<void> {
    this.#options.timeline.note(`${id} gets SIGTERM`);
    await this.get(id).terminate();
    this.#options.timeline.note(`${id} has ended`);
    this.#forget(id);
  }

  async stop(): Promise<void> {
    await Promise.all(this.all.map((gateway) => gateway.kill()));
  }

  #forget(id: string): void {
    this.#ended.push(this.get(id));
    this.#living.delete(id);
  }
}
