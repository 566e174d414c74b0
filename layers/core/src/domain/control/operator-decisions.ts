import type { GroupOutline, GroupState, OnError, OperationState } from './operation.ts';

/** What somebody's wish makes of an operation: changes of its groups, or why it cannot be. */
export type OperatorDecision =
  | {
      readonly kind: 'change';
      readonly state: OperationState;
      readonly groups: readonly { readonly id: string; readonly from: GroupState; readonly to: GroupState }[];
      /** What holds for the rest of it, where that is something else than was asked for at first. */
      readonly onError?: OnError;
      /** Nobody vouches for its proxies any more. */
      readonly letsGo: boolean;
    }
  /** It has ended well: taking it back is another operation. */
  | { readonly kind: 'another' }
  | { readonly kind: 'refusal'; readonly why: string };

type Operation = { readonly state: OperationState; readonly groups: readonly GroupOutline[] };

const GOING: readonly OperationState[] = ['pending', 'running', 'rolling-back', 'stopped'];

/** All groups back to their pre-images. */
export function decideRollback({ state, groups }: Operation): OperatorDecision {
  if (state === 'rolling-back') return { kind: 'refusal', why: 'it is being rolled back' };
  if (GOING.includes(state)) {
    const changes = [
      ...turn(groups, 'rolling-back', 'running', 'done', 'rollback-failed'),
      ...turn(groups, 'skipped', 'waiting'),
    ];
    return { kind: 'change', state: 'rolling-back', groups: changes, letsGo: false };
  }
  const stuck = turn(groups, 'rolling-back', 'rollback-failed');
  const hasDone = groups.some((group) => group.state === 'done');
  // The proxies of the others are not its own any more: only those that stayed locked are tried again.
  if (stuck.length > 0) return { kind: 'change', state: 'running', onError: 'continue', groups: stuck, letsGo: false };
  return hasDone ? { kind: 'another' } : { kind: 'refusal', why: 'none of its proxies is changed' };
}

/** Ends it as it is, but for groups under way: they go back, and those that are done stay. */
export function decideCancel({ state, groups }: Operation): OperatorDecision {
  if (GOING.includes(state)) {
    const changes = [...turn(groups, 'rolling-back', 'running'), ...turn(groups, 'skipped', 'waiting')];
    return { kind: 'change', state: 'running', onError: 'continue', groups: changes, letsGo: false };
  }
  if (groups.some((group) => group.state === 'rollback-failed'))
    return { kind: 'change', state, groups: [], letsGo: true };
  return { kind: 'refusal', why: 'it has ended' };
}

/** Goes on where it stopped; groups that failed are tried again. */
export function decideResume({ state, groups }: Operation): OperatorDecision {
  if (state !== 'stopped') return { kind: 'refusal', why: `it is ${state}, not stopped` };
  const goesForward = groups.some((group) => ['waiting', 'running', 'done'].includes(group.state));
  if (!goesForward) return { kind: 'change', state: 'rolling-back', groups: [], letsGo: false };
  return { kind: 'change', state: 'running', groups: turn(groups, 'waiting', 'failed', 'rolled-back'), letsGo: false };
}

function turn(groups: readonly GroupOutline[], to: GroupState, ...from: readonly GroupState[]) {
  return groups.filter(({ state }) => from.includes(state)).map(({ id, state }) => ({ id, from: state, to }));
}
