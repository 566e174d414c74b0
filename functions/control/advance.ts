import type { OperationEvent } from '@proxywatch/core/domain/control/group-work';
import { nextMoves } from '@proxywatch/core/domain/control/next-moves';
import type { GroupState } from '@proxywatch/core/domain/control/operation';
import { messageOf } from '@proxywatch/core/domain/errors';
import type { Decision, StoredOperation } from '@proxywatch/core/ports/operation-store';
import type { Engine } from './engine.ts';

/** Decides what the operation does next and has it done elsewhere. Safe to do at any time, by any number at once. */
export async function advance(engine: Engine, operationId: string, signal: AbortSignal): Promise<void> {
  let moved: readonly string[] = [];
  await engine.store.decide(
    operationId,
    (operation) => {
      const decision = decisionOf(operation);
      moved = decision?.groups.filter(({ to }) => to === 'running' || to === 'rolling-back').map(({ id }) => id) ?? [];
      return decision;
    },
    signal,
  );
  await Promise.all(
    moved.map(async (groupId) => {
      try {
        await engine.invoker.invoke({ version: 1, operationId, groupId }, signal);
      } catch (error) {
        // The next sweep finds it.
        engine.log.warn('a group was not invoked', {
          operation: operationId,
          group: groupId,
          message: messageOf(error),
        });
      }
    }),
  );
}

function decisionOf(operation: StoredOperation): Decision | undefined {
  const { start, rollBack, skip, state, problem } = nextMoves(operation);
  const groups = [
    ...start.map((id) => ({ id, from: 'waiting' as const, to: 'running' as const })),
    ...rollBack.map((id) => ({ id, from: stateOf(operation, id), to: 'rolling-back' as const })),
    ...skip.map((id) => ({ id, from: 'waiting' as const, to: 'skipped' as const })),
  ];
  if (groups.length === 0 && state === operation.state) return undefined;
  return { state, problem, groups, events: state === operation.state ? [] : [eventOf(state, problem)] };
}

function stateOf({ groups }: StoredOperation, id: string): GroupState {
  return groups.find((group) => group.id === id)?.state ?? 'done';
}

function eventOf(state: StoredOperation['state'], problem: string | undefined): OperationEvent {
  const severity = state === 'running' || state === 'succeeded' ? 'info' : 'error';
  return { severity, message: problem === undefined ? state : `${state}: ${problem}` };
}
