/** What happened when, and what of it must not have happened. */
export class Timeline {
  readonly #startedMs = performance.now();
  readonly #lines: string[] = [];
  readonly #violations: string[] = [];
  readonly #onLine: (line: string) => void;

  constructor(onLine: (line: string) => void = () => undefined) {
    this.#onLine = onLine;
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  get violations(): readonly string[] {
    return this.#violations;
  }

  note(what: string): void {
    const line = `${((performance.now() - this.#startedMs) / 1000).toFixed(3).padStart(8)}  ${what}`;
    this.#lines.push(line);
    this.#onLine(line);
  }

  /** One of each kind is told: what is wrong once is often wrong at each scrape from then on. */
  violate(kind: string, what: string): void {
    if (this.#violations.some((violation) => violation.startsWith(`${kind}:`))) return;
    this.#violations.push(`${kind}: ${what}`);
    this.note(`VIOLATION ${kind}: ${what}`);
  }
}
