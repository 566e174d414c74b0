import { randomUUID } from 'node:crypto';
import { isAfter, type Step, stepAfter } from '@proxywatch/core/domain/control/operation';
import { errorCodeOf, isProxywatchError, messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import { advance } from './advance.ts';
import type { Engine } from './engine.ts';
import { createGroupRun, type GroupRun } from './group-run.ts';
import { Interrupted } from './interruption.ts';
import { isStoreAway } from './is-store-away.ts';
import { problemWords } from './problem-words.ts';
import { rollBackGroup } from './roll-back-group.ts';
import { canaryPause } from './steps/canary-pause.ts';
import { guard } from './steps/guard.ts';
import { loadRuntime } from './steps/load-runtime.ts';
import { readBack } from './steps/read-back.ts';
import { saveDisk } from './steps/save-disk.ts';
import { takePreImage } from './steps/take-pre-image.ts';
import { watchHealth } from './steps/watch-health.ts';
import { writeMemory } from './steps/write-memory.ts';

const WORK: Readonly<Record<Exclude<Step, 'none'>, (run: GroupRun) => Promise<void>>> = {
  guard,
  'pre-image': takePreImage,
  write: writeMemory,
  load: loadRuntime,
  'read-back': readBack,
  health: watchHealth,
  pause: canaryPause,
  save: saveDisk,
};

/**
 * Works on a group until it is done, is back, or something interrupts; then has the operation go on. Whatever this process
 * does not end, another one takes up from the last step that was recorded.
 */
export async function runGroup(
  engine: Engine,
  operationId: string,
  groupId: string,
  signal: AbortSignal,
): Promise<void> {
  const { store, times } = engine;
  const operation = await store.fetchOperation(operationId, signal);
  if (operation === undefined) return;
  const hold = { operationId, groupId, owner: randomUUID() };
  const group = await store.takeGroup(hold, times.leaseMs, signal);
  if (group === undefined) return;
  const run = await createGroupRun(engine, operation, group, hold, signal);
  let restMs = 0;
  let isFailure = true;
  try {
    await work(run, group.attempts);
    isFailure = false;
  } catch (error) {
    const interruption = signal.aborted && !(error instanceof Interrupted) ? new Interrupted('out-of-time') : error;
    if (!(interruption instanceof Interrupted)) throw interruption;
    isFailure = false;
    if (interruption.why === 'lost') return;
    restMs = interruption.restMs;
    if (interruption.why === 'writes-off') await stop(engine, operationId, interruption.detail, signal);
  } finally {
    await run.close();
    await store.releaseGroup(hold, restMs, isFailure).catch((error) => {
      // The lease runs out by itself.
      engine.log.warn('a group was not released', {
        operation: operationId,
        group: groupId,
        message: messageOf(error),
      });
    });
  }
  if (!signal.aborted) await advance(engine, operationId, signal);
}

async function work(run: GroupRun, attempts: number): Promise<void> {
  const isTooOften = attempts > run.engine.times.maxAttempts;
  const wentBack = run.group.state === 'rolling-back';
  if (run.group.state === 'running') {
    try {
      if (isTooOften) throw tooManyAttempts(attempts);
      while (run.group.state === 'running') await workOf(run.group.step)(run);
    } catch (error) {
      await turnBack(run, error);
    }
  }
  if (run.group.state !== 'rolling-back') return;
  // The others need not wait for this one to be back.
  await advance(run.engine, run.operation.id, run.signal);
  // Attempts to go forward say nothing about the way back.
  if (!(wentBack && isTooOften)) return rollBackGroup(run);
  const { message } = tooManyAttempts(attempts);
  await run.save({ state: 'rollback-failed', problem: message, events: [{ severity: 'error', message }] });
}

function workOf(done: Step): (run: GroupRun) => Promise<void> {
  const next = stepAfter(done);
  return WORK[next === 'none' ? 'guard' : next];
}

/** A group that failed goes back; one that was not touched yet has nowhere to go back from. */
async function turnBack(run: GroupRun, error: unknown): Promise<void> {
  const isTold = error instanceof Interrupted && error.why === 'told-to-go-back';
  if (error instanceof Interrupted && !isTold) throw error;
  // Whatever was cut short says nothing about the group.
  if (run.signal.aborted) throw new Interrupted('out-of-time');
  // Nothing can be noted: as good as dead, whoever comes next goes on.
  if (isStoreAway(error)) throw error;
  if (isTold) return run.turnBack();
  const message = problemWords(error);
  run.engine.log.warn('a group failed', {
    operation: run.operation.id,
    group: run.group.id,
    code: errorCodeOf(error),
    message: isProxywatchError(error) ? message : messageOf(error),
  });
  const isUntouched = !isAfter(run.group.step, 'guard');
  await run.save({
    state: isUntouched ? 'failed' : 'rolling-back',
    problem: message,
    events: [{ severity: 'error', message: isUntouched ? `refused: ${message}` : `failed, goes back: ${message}` }],
  });
}

async function stop(engine: Engine, operationId: string, problem: string, signal: AbortSignal): Promise<void> {
  await engine.store.decide(
    operationId,
    ({ state }) =>
      state === 'running' || state === 'rolling-back'
        ? { state: 'stopped', problem, groups: [], events: [{ severity: 'error', message: `stopped: ${problem}` }] }
        : undefined,
    signal,
  );
}

function tooManyAttempts(attempts: number): ProxywatchError {
  return new ProxywatchError('INTERNAL', `its work was taken up ${attempts} times and never ended`);
}
