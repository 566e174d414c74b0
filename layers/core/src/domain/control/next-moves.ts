import {
  type GroupOutline,
  type GroupState,
  isAfter,
  type OperationOutline,
  type OperationState,
} from './operation.ts';

/** What an operation does next; groups by id. */
export interface Moves {
  /** From waiting to running. */
  readonly start: readonly string[];
  /** From done or running to rolling back. */
  readonly rollBack: readonly string[];
  /** From waiting to skipped. */
  readonly skip: readonly string[];
  /** The operation's state from now on. */
  readonly state: OperationState;
  /** What went wrong, and what became of each group; for people. */
  readonly problem: string | undefined;
}

const ACTIVE: readonly GroupState[] = ['running', 'rolling-back'];
const FAILED: readonly GroupState[] = ['failed', 'rolled-back', 'rollback-failed'];

/** Pure: asked again with the same outline it says the same, and nothing is lost when its answer is. */
export function nextMoves({ state, strategy, groups }: OperationOutline): Moves {
  const inState = (...states: readonly GroupState[]) => groups.filter((group) => states.includes(group.state));
  const none: Moves = { start: [], rollBack: [], skip: [], state, problem: undefined };
  if (!['pending', 'running', 'rolling-back'].includes(state)) return none;

  const waiting = inState('waiting').toSorted((a, b) => a.position - b.position);
  const broken = inState(...FAILED, 'rolling-back');
  const goesBack = state === 'rolling-back' || (broken.length > 0 && strategy.onError === 'rollback');
  if (goesBack) {
    const rollBack = idsOf(inState('done', 'running'));
    const skip = idsOf(waiting);
    const isOver = rollBack.length === 0 && inState('rolling-back').length === 0;
    return isOver
      ? { ...none, skip, ...outcomeOf(groups) }
      : { ...none, rollBack, skip, state: 'rolling-back', problem: problemOf(broken) };
  }
  if (broken.length > 0 && strategy.onError === 'stop') {
    if (inState(...ACTIVE).length > 0) return { ...none, state: 'running' };
    const isDecided = inState('done').length === 0 || waiting.length === 0;
    if (isDecided) return { ...none, skip: idsOf(waiting), ...outcomeOf(groups) };
    return { ...none, state: 'stopped', problem: problemOf(broken) };
  }
  const start = startable(waiting, groups, strategy);
  if (start.length === 0 && inState(...ACTIVE).length === 0) return { ...none, ...outcomeOf(groups) };
  return { ...none, start: idsOf(start), state: 'running' };
}

function startable(
  waiting: readonly GroupOutline[],
  groups: readonly GroupOutline[],
  { canary, parallelism }: OperationOutline['strategy'],
): readonly GroupOutline[] {
  const isCanary = ({ position }: GroupOutline) => position < canary.groups;
  const canariesPassed = groups.every((group) => !isCanary(group) || hasPassed(group));
  const free = Math.max(0, parallelism - groups.filter(({ state }) => ACTIVE.includes(state)).length);
  return (canariesPassed ? waiting : waiting.filter(isCanary)).slice(0, free);
}

/** A canary that failed holds nobody up once it is back: `continue` asks for that. */
function hasPassed({ state, step }: GroupOutline): boolean {
  return ['done', 'failed', 'rolled-back', 'rollback-failed', 'skipped'].includes(state) || isAfter(step, 'health');
}

/** How an operation ends whose groups have all ended; groups that wait are left as they were. */
export function outcomeOf(groups: readonly GroupOutline[]): Pick<Moves, 'state' | 'problem'> {
  const of = (...states: readonly GroupState[]) => groups.filter((group) => states.includes(group.state));
  const [done, stuck, broken] = [of('done'), of('rollback-failed'), of(...FAILED)];
  if (done.length === groups.length) return { state: 'succeeded', problem: undefined };
  const untouched = groups.filter(({ state }) => state !== 'done' && state !== 'rollback-failed');
  const fates = [
    ...(stuck.length > 0 ? [`could not be put back: ${membersOf(stuck)}`] : []),
    ...(done.length > 0 ? [`changed: ${membersOf(done)}`] : []),
    ...(untouched.length > 0 ? [`as before: ${membersOf(untouched)}`] : []),
  ];
  const problem = [...(broken.length > 0 ? [problemOf(broken)] : []), ...fates].join('; ');
  return { state: stuck.length > 0 || done.length > 0 ? 'failed' : 'rolled-back', problem };
}

function problemOf(broken: readonly GroupOutline[]): string | undefined {
  const problems = broken.flatMap(({ id, problem }) => (problem === undefined ? [] : [`${id}: ${problem}`]));
  return problems.length === 0 ? undefined : problems.join('; ');
}

function membersOf(groups: readonly GroupOutline[]): string {
  return groups.flatMap(({ members }) => members).join(', ');
}

function idsOf(groups: readonly GroupOutline[]): readonly string[] {
  return groups.map(({ id }) => id);
}
