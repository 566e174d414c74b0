import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('lab-process.ts', import.meta.url));
const START_TIMEOUT_MS = 60_000;
const TOUCH_TIMEOUT_MS = 10_000;

/** Mean length of the texts of a recorded proxy with 9,385 digests; what mysql2 costs by default grows with it. */
export const RECORDED_TEXT_LENGTH = 210;

/** Lab proxies in one process of their own, whose CPU and memory disturb nobody's measurement. */
export interface Lab {
  /** Admin ports. */
  readonly ports: readonly number[];
  /** Executes so many digests of each proxy once, always the same ones. */
  touch(digests: number): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts `proxies` lab proxies with `digests` digests each, none of which was executed in the last ten minutes; their texts
 * have at least `textLength` characters.
 */
export async function startLab(proxies: number, digests: number, textLength = 0): Promise<Lab> {
  const child = fork(PROGRAM, [String(proxies), String(digests), String(textLength)], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const { ports } = await answerOf<{ ports: number[] }>(child, START_TIMEOUT_MS);
  return {
    ports,
    async touch(count) {
      const touched = answerOf(child, TOUCH_TIMEOUT_MS);
      child.send({ touch: count });
      await touched;
    },
    async stop() {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}

async function answerOf<T>(child: ChildProcess, timeoutMs: number): Promise<T> {
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, AbortSignal.timeout(timeoutMs)]);
  try {
    return await Promise.race([
      once(child, 'message', { signal }).then(([message]: T[]) => message as T),
      once(child, 'exit', { signal }).then(([code]) => {
        throw new Error(`the lab ended with ${code}`);
      }),
    ]);
  } finally {
    over.abort();
  }
}
