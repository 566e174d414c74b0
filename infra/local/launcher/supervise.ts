import { performance } from 'node:perf_hooks';
import { messageOf } from '@proxywatch/core/domain/errors';
import { type Child, describeExit } from '../services/child.ts';

/**
 * A part that dies more often than this within this time is broken, as is one that so many starts in a row could not bring
 * back: starting it again would only hide it.
 */
const MAX_RESPAWNS = 5;
const RESPAWN_WINDOW_MS = 30_000;

export interface Supervised {
  /** Settles with the reason when the process is gone for good although nobody stopped it. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

export interface SuperviseOptions {
  /** Starts the process again when it dies, as ProxySQL's angel process and ECS do. @default false */
  readonly respawn?: boolean;
  readonly onRespawn?: (reason: string) => void;
}

/** Starts a process and watches over it until it is stopped. Rejects if the first start fails. */
export async function supervise(
  start: (signal: AbortSignal) => Promise<Child>,
  signal: AbortSignal,
  { respawn = false, onRespawn }: SuperviseOptions = {},
): Promise<Supervised> {
  const stopping = new AbortController();
  let child = await start(signal);

  /** Resolves to the reason of a death for good, or to undefined once stopped. */
  async function watch(): Promise<string | undefined> {
    const deaths: number[] = [];
    for (;;) {
      if (stopping.signal.aborted) await child.stop();
      const reason = describeExit(await child.exited);
      if (stopping.signal.aborted) return undefined;
      if (!respawn) return reason;
      deaths.push(performance.now());
      const recent = deaths.filter((at) => performance.now() - at < RESPAWN_WINDOW_MS);
      if (recent.length > MAX_RESPAWNS)
        return `${reason}, ${recent.length} times within ${RESPAWN_WINDOW_MS / 1_000} s`;
      const problem = await startAgain(reason);
      if (stopping.signal.aborted && problem !== undefined) return undefined;
      if (problem !== undefined) return `${reason} and ${problem}`;
    }
  }

  /** Resolves to why it cannot be; whatever kills a process may kill it while it starts, too. */
  async function startAgain(reason: string): Promise<string | undefined> {
    for (let attempt = 1, because = reason; ; attempt++) {
      onRespawn?.(because);
      try {
        child = await start(stopping.signal);
        return undefined;
      } catch (error) {
        because = `did not start again: ${messageOf(error)}`;
        if (attempt === MAX_RESPAWNS || stopping.signal.aborted) return because;
      }
    }
  }

  const watching = watch();
  return {
    ended: watching.then((reason) => reason ?? new Promise<never>(() => {})),
    async stop() {
      stopping.abort();
      await child.stop();
      await watching;
    },
  };
}
