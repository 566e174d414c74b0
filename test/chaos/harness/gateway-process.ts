import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Child, startChild } from '../../../infra/local/services/child.ts';
import { type RedisLink, startRedisLink } from './redis-link.ts';
import { eventually } from './wait.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const START_TIMEOUT_MS = 30_000;

export interface GatewaySettings {
  /** GATEWAY_ID; a successor has another one, a process that is restarted the same. */
  readonly id: string;
  readonly dir: string;
  readonly port: number;
  readonly redisPort: () => number;
  readonly env: Readonly<Record<string, string>>;
}

/** One life of a gateway, with its own way to Redis. */
export class GatewayProcess {
  readonly id: string;
  readonly port: number;
  readonly link: RedisLink;
  readonly #child: Child;
  readonly #log: string;
  #state: 'running' | 'paused' | 'gone' = 'running';
  /** Writes of history that Redis took and refused. */
  readonly writes = { saved: 0, fenced: 0 };
  /** Called when Redis has taken a write, before the gateway hears of it. */
  onSaved: () => void = () => undefined;

  private constructor(id: string, port: number, link: RedisLink, child: Child, log: string) {
    this.id = id;
    this.port = port;
    this.link = link;
    this.#child = child;
    this.#log = log;
    void child.exited.then(() => {
      this.#state = 'gone';
    });
  }

  /** Resolves when the process was started; it needs a moment more to answer. */
  static async start({ id, dir, port, redisPort, env }: GatewaySettings): Promise<GatewayProcess> {
    let gateway: GatewayProcess | undefined;
    const link = await startRedisLink({
      port: redisPort,
      onReply(reply) {
        if (!gateway) return;
        gateway.writes[reply]++;
        if (reply === 'saved') gateway.onSaved();
      },
    });
    const log = join(dir, `${id}.log`);
    const child = await startChild({
      command: process.execPath,
      args: ['--disable-warning=ExperimentalWarning', 'functions/gateway/main.ts'],
      cwd: ROOT,
      log,
      env: {
        ...env,
        GATEWAY_ID: id,
        GATEWAY_PORT: String(port),
        GATEWAY_ADVERTISE: `127.0.0.1:${port}`,
        REDIS_URL: `redis://127.0.0.1:${link.port}`,
      },
    });
    gateway = new GatewayProcess(id, port, link, child, log);
    return gateway;
  }

  get pid(): number {
    return this.#child.pid;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get isRunning(): boolean {
    return this.#state === 'running';
  }

  get isGone(): boolean {
    return this.#state === 'gone';
  }

  /** The last lines that it logged. */
  get log(): string {
    return readFileSync(this.#log, 'utf8').trimEnd().split('\n').slice(-40).join('\n');
  }

  /** Resolves when it knows the fleet. */
  async answers(): Promise<void> {
    const isLoaded = async () => {
      if (this.isGone) throw new Error(`gateway ${this.id} ended:\n${this.log}`);
      const response = await fetch(`${this.url}/sd`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
      await response?.arrayBuffer();
      return response?.ok === true || undefined;
    };
    await eventually(isLoaded, { withinMs: START_TIMEOUT_MS, problem: () => `gateway ${this.id} does not answer` });
  }

  async kill(): Promise<void> {
    this.#signal('SIGKILL');
    await this.#ended();
  }

  /** SIGTERM; resolves when it has written its histories and gone. */
  async terminate(): Promise<void> {
    await this.#child.stop(20_000);
    await this.link.close();
  }

  pause(): void {
    this.#state = 'paused';
    this.#signal('SIGSTOP');
  }

  resume(): void {
    this.#signal('SIGCONT');
    if (!this.isGone) this.#state = 'running';
  }

  async #ended(): Promise<void> {
    await this.#child.exited;
    await this.link.close();
  }

  #signal(signal: NodeJS.Signals): void {
    if (!this.isGone) process.kill(this.pid, signal);
  }
}
