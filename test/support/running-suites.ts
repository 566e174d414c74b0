import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';

const LOOK_MS = 60_000;
/** Longer than any suite takes on two cores. */
const LONG_MS = 300_000;

interface Suite {
  readonly path: string;
}

interface Result {
  readonly numPassingTests: number;
  readonly numFailingTests: number;
  readonly testExecError?: unknown;
}

/**
 * Keeps what a run has come to in the file `SUITE_REPORT`, so that a run that is ended from outside can be told about, and says
 * aloud which suites run longer than they should: jest itself names a suite only when it is done, which one that hangs never is.
 */
export default class RunningSuites {
  readonly #rootDir: string;
  readonly #file = process.env.SUITE_REPORT;
  readonly #running = new Map<string, number>();
  readonly #counts = { passed: 0, failed: 0 };
  #timer: NodeJS.Timeout | undefined;

  constructor({ rootDir }: { readonly rootDir: string }) {
    this.#rootDir = rootDir;
  }

  onRunStart(): void {
    this.#timer = setInterval(() => this.#tellOfLong(), LOOK_MS);
    this.#timer.unref();
    this.#write();
  }

  onTestFileStart({ path }: Suite): void {
    this.#running.set(relative(this.#rootDir, path), Date.now());
    this.#write();
  }

  onTestFileResult({ path }: Suite, { numPassingTests, numFailingTests, testExecError }: Result): void {
    this.#running.delete(relative(this.#rootDir, path));
    this.#counts.passed += numPassingTests;
    // A suite that could not run at all is one failure.
    this.#counts.failed += numFailingTests + (testExecError ? 1 : 0);
    this.#write();
  }

  onRunComplete(): void {
    clearInterval(this.#timer);
  }

  #tellOfLong(): void {
    for (const [path, sinceMs] of this.#running) {
      const seconds = Math.round((Date.now() - sinceMs) / 1_000);
      if (seconds * 1_000 >= LONG_MS) console.error(`still running after ${seconds} s: ${path}`);
    }
  }

  #write(): void {
    if (this.#file === undefined) return;
    writeFileSync(this.#file, JSON.stringify({ ...this.#counts, running: [...this.#running.keys()] }));
  }
}
