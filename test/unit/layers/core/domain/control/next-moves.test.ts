import { describe, expect, test } from '@jest/globals';
import { nextMoves } from '../../../../../../layers/core/src/domain/control/next-moves.ts';
import {
  GROUP_STATES,
  type GroupOutline,
  type GroupState,
  ON_ERROR,
  type OnError,
  type OperationOutline,
  STEPS,
} from '../../../../../../layers/core/src/domain/control/operation.ts';
import {
  decideCancel,
  decideResume,
  decideRollback,
} from '../../../../../../layers/core/src/domain/control/operator-decisions.ts';
import { fc } from '../../../../../support/properties.ts';

function group(position: number, state: GroupState, step: GroupOutline['step'] = 'none'): GroupOutline {
  const problem = ['failed', 'rolled-back', 'rollback-failed'].includes(state) ? 'broke' : undefined;
  return { id: `g${position}`, position, members: [`p${position}`], state, step, problem };
}

function outline(
  states: readonly GroupState[],
  more: { onError?: OnError; canaries?: number; parallelism?: number; state?: OperationOutline['state'] } = {},
): OperationOutline {
  const { onError = 'rollback', canaries = 0, parallelism = 2, state = 'running' } = more;
  const health = { windowMs: 0, accessDenied: 0, backendConnectionsFailed: 0, backendErrors: 0, timesBefore: 0 };
  return {
    state,
    strategy: { canary: { groups: canaries, pauseMs: 0 }, parallelism, onError, health, maxProxies: 9 },
    groups: states.map((given, i) => group(i, given)),
  };
}

describe('an operation', () => {
  test('starts as many groups as may be at once, in their order', () => {
    expect(nextMoves(outline(['waiting', 'waiting', 'waiting'], { state: 'pending' }))).toMatchObject({
      start: ['g0', 'g1'],
      state: 'running',
    });
    expect(nextMoves(outline(['done', 'running', 'waiting']))).toMatchObject({ start: ['g2'] });
  });

  test('starts nobody else until all canaries have passed their pause', () => {
    const waits = outline(['running', 'waiting'], { canaries: 1 });
    expect(nextMoves(waits).start).toEqual([]);
    expect(nextMoves({ ...waits, groups: [group(0, 'running', 'pause'), group(1, 'waiting')] }).start).toEqual(['g1']);
  });

  test('succeeds when all groups are done', () => {
    expect(nextMoves(outline(['done', 'done']))).toMatchObject({ state: 'succeeded', problem: undefined });
  });

  test('takes all groups back when one fails, those that still run as well', () => {
    expect(nextMoves(outline(['done', 'rolling-back', 'running', 'waiting']))).toMatchObject({
      rollBack: ['g0', 'g2'],
      skip: ['g3'],
      state: 'rolling-back',
    });
    expect(nextMoves(outline(['rolled-back', 'rolled-back', 'skipped'], { state: 'rolling-back' }))).toMatchObject({
      state: 'rolled-back',
      problem: 'g0: broke; g1: broke; as before: p0, p1, p2',
    });
  });

  test('says which could not be put back', () => {
    expect(nextMoves(outline(['rolled-back', 'rollback-failed'], { state: 'rolling-back' }))).toMatchObject({
      state: 'failed',
      problem: expect.stringContaining('could not be put back: p1; as before: p0'),
    });
  });

  test('that stops waits for those that run, and for somebody to decide', () => {
    expect(nextMoves(outline(['done', 'failed', 'running', 'waiting'], { onError: 'stop' }))).toMatchObject({
      start: [],
      state: 'running',
    });
    expect(nextMoves(outline(['done', 'failed', 'waiting'], { onError: 'stop' }))).toMatchObject({ state: 'stopped' });
    expect(nextMoves(outline(['failed', 'waiting'], { onError: 'stop' }))).toMatchObject({
      state: 'rolled-back',
      skip: ['g1'],
    });
  });

  test('never has more groups under way than may be, and always ends', () => {
    const states = fc.array(fc.constantFrom(...GROUP_STATES), { minLength: 1, maxLength: 8 });
    const steps = fc.constantFrom(...STEPS);
    fc.assert(
      fc.property(
        states,
        fc.constantFrom(...ON_ERROR),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 0, max: 3 }),
        fc.boolean(),
        steps,
        (given, onError, parallelism, canaries, fails, step) => {
          let operation: OperationOutline = outline(given, { onError, parallelism, canaries, state: 'pending' });
          operation = {
            ...operation,
            groups: operation.groups.map((held) => (held.state === 'running' ? { ...held, step } : held)),
          };
          for (let round = 0; round < 100; round += 1) {
            const moves = nextMoves(operation);
            const under = operation.groups.filter(
              ({ state }) => state === 'running' || state === 'rolling-back',
            ).length;
            if (moves.start.length > 0) expect(under + moves.start.length).toBeLessThanOrEqual(parallelism);
            if (['succeeded', 'failed', 'rolled-back', 'stopped'].includes(moves.state)) return;
            const turned = operation.groups.map((held): GroupOutline => {
              if (moves.start.includes(held.id)) return { ...held, state: 'running' };
              if (moves.rollBack.includes(held.id)) return { ...held, state: 'rolling-back' };
              if (moves.skip.includes(held.id)) return { ...held, state: 'skipped' };
              if (held.state === 'running')
                return { ...held, state: fails ? 'rolling-back' : 'done', problem: fails ? 'broke' : undefined };
              return held.state === 'rolling-back' ? { ...held, state: 'rolled-back' } : held;
            });
            operation = { ...operation, state: moves.state, groups: turned };
          }
          throw new Error(`it never ends: ${JSON.stringify(operation)}`);
        },
      ),
    );
  });
});

describe('somebody who wishes', () => {
  test('that it goes back has what is changed or under way go back', () => {
    expect(decideRollback(outline(['done', 'running', 'waiting']))).toMatchObject({
      kind: 'change',
      state: 'rolling-back',
      groups: [
        { id: 'g0', from: 'done', to: 'rolling-back' },
        { id: 'g1', from: 'running', to: 'rolling-back' },
        { id: 'g2', from: 'waiting', to: 'skipped' },
      ],
    });
    expect(decideRollback(outline(['done', 'done'], { state: 'succeeded' }))).toEqual({ kind: 'another' });
    expect(decideRollback(outline(['rolled-back'], { state: 'rolled-back' }))).toMatchObject({ kind: 'refusal' });
  });

  test('that it is tried again gets those alone that could not be put back', () => {
    expect(decideRollback(outline(['rolled-back', 'rollback-failed'], { state: 'failed' }))).toMatchObject({
      state: 'running',
      onError: 'continue',
      groups: [{ id: 'g1', from: 'rollback-failed', to: 'rolling-back' }],
    });
  });

  test('that it ends keeps what is done and takes back what is half-way', () => {
    expect(decideCancel(outline(['done', 'running', 'waiting'], { state: 'stopped' }))).toMatchObject({
      state: 'running',
      // Or the groups that are done would go back with the others.
      onError: 'continue',
      groups: [
        { id: 'g1', from: 'running', to: 'rolling-back' },
        { id: 'g2', from: 'waiting', to: 'skipped' },
      ],
    });
    expect(decideCancel(outline(['rollback-failed'], { state: 'failed' }))).toMatchObject({ letsGo: true });
    expect(decideCancel(outline(['done'], { state: 'succeeded' }))).toMatchObject({ kind: 'refusal' });
  });

  test('that it goes on has failed groups tried again, or the way back gone on with', () => {
    expect(decideResume(outline(['done', 'rolled-back', 'waiting'], { state: 'stopped' }))).toMatchObject({
      state: 'running',
      groups: [{ id: 'g1', from: 'rolled-back', to: 'waiting' }],
    });
    expect(decideResume(outline(['rolled-back', 'rolling-back'], { state: 'stopped' }))).toMatchObject({
      state: 'rolling-back',
      groups: [],
    });
    expect(decideResume(outline(['running']))).toMatchObject({ kind: 'refusal' });
  });
});
