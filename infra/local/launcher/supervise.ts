import { performance } from 'node:perf_hooks';
import { messageOf } from '@proxywatch/core/domain/errors';
import { type Child, describeExit } from '../services/child.ts';

/** A part that dies this often within this time is broken, and starting it again would only hide it. */
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
      onRespawn?.(reason);
      try {
        child = await start(stopping.signal);
      } catch (error) {
        return stopping.signal.aborted ? undefined : `${reason} and did not start again: ${messageOf(error)}`;
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
