import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import { type Child, describeExit, type Exit, startChild } from '../services/child.ts';
import type { ReadyCheck, Told } from './ready-checks.ts';

const READY_TIMEOUT_MS = 30_000;
const POLL_MS = 50;
const LOG_TAIL_LINES = 10;

export interface NodeProcess {
  readonly name: string;
  /** Script and arguments, relative to `root`. */
  readonly command: readonly string[];
  readonly root: string;
  /** Variables besides those of this process. */
  readonly env: Readonly<Record<string, string>>;
  readonly log: string;
  readonly ready: ReadyCheck;
  /** Called as soon as there is a process, long before it is ready. */
  onSpawn?(pid: number): void;
  /** Called with what the process tells once it is ready. */
  onReady?(told: Told): void;
}

/** Runs a script under the Node of this process and waits until it is ready. Throws SERVICE_START_FAILED. */
export async function startNodeProcess(spec: NodeProcess, signal: AbortSignal): Promise<Child> {
  const logOffset = statSync(spec.log, { throwIfNoEntry: false })?.size ?? 0;
  const child = await startChild({
    command: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', ...spec.command],
    cwd: spec.root,
    env: spec.env,
    log: spec.log,
  });
  spec.onSpawn?.(child.pid);
  let exit: Exit | undefined;
  void child.exited.then((value) => {
    exit = value;
  });
  const timeout = AbortSignal.timeout(READY_TIMEOUT_MS);
  const limit = AbortSignal.any([signal, timeout]);
  let last = 'it did not say that it is ready';
  for (;;) {
    if (exit !== undefined) throw await startFailed(spec, logOffset, describeExit(exit));
    if (limit.aborted) {
      await child.stop();
      signal.throwIfAborted();
      throw await startFailed(spec, logOffset, `was not ready after ${READY_TIMEOUT_MS / 1_000} s: ${last}`);
    }
    try {
      const told = await spec.ready({ log: spec.log, logOffset }, limit);
      if (told !== undefined) {
        spec.onReady?.(told);
        return child;
      }
    } catch (error) {
      last = messageOf(error);
    }
    await delay(POLL_MS);
  }
}

async function startFailed(spec: NodeProcess, logOffset: number, reason: string): Promise<ProxywatchError> {
  const log = await readFile(spec.log);
  const lines = log.toString('utf8', logOffset).trimEnd().split('\n').slice(-LOG_TAIL_LINES);
  const message = `${spec.name} ${reason}; ${spec.log} ends with:\n  ${lines.join('\n  ')}`;
  return new ProxywatchError('SERVICE_START_FAILED', message);
}
