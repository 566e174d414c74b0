import type { ChaosProxy } from './chaos-proxy.ts';
import type { Random } from './random.ts';

const TICK_MS = 20;

/** Executes statements at all proxies that are up, as long as it is not paused. */
export class Traffic {
  readonly #timer: NodeJS.Timeout;
  #isPaused = true;

  constructor(proxies: readonly ChaosProxy[], random: Random) {
    this.#timer = setInterval(() => {
      if (this.#isPaused) return;
      for (const proxy of proxies) if (random.chance(0.3)) proxy.execute();
    }, TICK_MS);
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
