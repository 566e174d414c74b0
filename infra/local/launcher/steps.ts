import { performance } from 'node:perf_hooks';
import { messageOf } from '@proxywatch/core/domain/errors';
import type { RunFolder } from './run-folder.ts';
import type { Settings } from './settings.ts';

/** What every step of a run is given. */
export interface Run {
  readonly folder: RunFolder;
  /** Addresses and settings that steps leave for those after them; all of it ends up in the file `env`. */
  readonly settings: Settings;
  /** Aborts when the run is to end; a start gives up then. */
  readonly signal: AbortSignal;
}

/** One part of the system. The list of steps is the system; they start in order and stop in reverse. */
export interface Step {
  readonly name: string;
  start(run: Run): Promise<Started>;
}

export interface Started {
  /** What to tell beside the name, e.g. an address. */
  readonly detail?: string;
  /** Settles with the reason when the part ended although nobody stopped it. */
  readonly ended?: Promise<string>;
  /** Resolves, within a bound, when nothing of the part runs any more. */
  stop?(): Promise<void>;
}

export interface Progress {
  begin(name: string): void;
  done(name: string, tookMs: number, detail?: string): void;
  failed(name: string, tookMs: number, message: string): void;
}

export interface RunningSystem {
  /** Settles when a part ended by itself, which ends the run. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

/** Starts the steps one after the other. When one fails, those before it are stopped and its error is thrown. */
export async function startSteps(steps: readonly Step[], run: Run, progress: Progress): Promise<RunningSystem> {
  const started: { readonly name: string; readonly part: Started }[] = [];
  const stop = async () => {
    for (let last = started.pop(); last !== undefined; last = started.pop()) {
      const { name, part } = last;
      if (part.stop === undefined) continue;
      // One part that does not stop cleanly keeps no other from being stopped.
      await timed(progress, name, async () => {
        await part.stop?.();
        return { detail: 'stopped' };
      }).catch(() => {});
    }
  };
  try {
    for (const step of steps) {
      run.signal.throwIfAborted();
      const part = await timed(progress, step.name, () => step.start(run));
      started.push({ name: step.name, part });
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const ends = started.flatMap(({ name, part }) => (part.ended === undefined ? [] : [endOf(name, part.ended)]));
  return { ended: Promise.race(ends), stop };
}

async function endOf(name: string, ended: Promise<string>): Promise<string> {
  return `${name} ${await ended}`;
}

async function timed(progress: Progress, name: string, work: () => Promise<Started>): Promise<Started> {
  const from = performance.now();
  progress.begin(name);
  try {
    const part = await work();
    progress.done(name, performance.now() - from, part.detail);
    return part;
  } catch (error) {
    progress.failed(name, performance.now() - from, messageOf(error));
    throw error;
  }
}
