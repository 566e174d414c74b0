/** Where sessions wait for a connection to come free; each wait is bounded and ends with its signal. */
export class WaitingRoom {
  readonly #wakers = new Set<() => void>();

  /** Resolves when woken, when the signal aborts, or after `ms`. */
  wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#wakers.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#wakers.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  /** Whoever waited longest. */
  wakeOne(): void {
    const [first] = this.#wakers;
    first?.();
  }

  wakeAll(): void {
    for (const wake of [...this.#wakers]) wake();
  }
}
