import { type Char, charOf, includesChar } from './char-set.ts';
import { parseRe2 } from './parse-re2.ts';
import { compileProgram, type Program, type Step } from './program.ts';
import { type Assertion, Re2SyntaxError } from './syntax.ts';

export interface Re2 {
  /**
   * Whether the expression matches anywhere in the text, in time proportional to both of their lengths. `undefined`: the
   * budget ran out before that was clear.
   */
  matches(text: string, budget?: StepBudget): boolean | undefined;
}

/** What several matches may take together; each takes its part of it. */
export interface StepBudget {
  left: number;
}

/** An expression in the syntax of RE2, which knows nothing that needs backtracking; or what is wrong with it. */
export function compileRe2(
  pattern: string,
  { isCaseless = false }: { readonly isCaseless?: boolean } = {},
): Re2 | { readonly problem: string } {
  try {
    const program = compileProgram(parseRe2(pattern, isCaseless));
    return { matches: (text, budget = { left: Number.POSITIVE_INFINITY }) => run(program, text, budget) };
  } catch (error) {
    if (!(error instanceof Re2SyntaxError)) throw error;
    return { problem: error.message };
  }
}

/** What RE2 would refuse a pattern for; `undefined`: it takes it. */
export function re2ProblemOf(pattern: string): string | undefined {
  const compiled = compileRe2(pattern);
  return 'problem' in compiled ? compiled.problem : undefined;
}

function run({ steps, start }: Program, text: string, budget: StepBudget): boolean | undefined {
  const known = new Map<string, Char>();
  const chars = [...text].map((char) => {
    const seen = known.get(char) ?? charOf(char);
    known.set(char, seen);
    return seen;
  });
  /** At which place a step was entered last: each is entered once per place. */
  const entered = new Int32Array(steps.length).fill(-1);
  let waiting: CharStep[] = [];
  for (let at = 0; at <= chars.length; at++) {
    const here: CharStep[] = [];
    const from = at === 0 ? [start] : [...entriesBehind(waiting, chars[at - 1]), start];
    // A list of its own instead of recursion: alternatives may be thousands deep.
    for (let pc = from.pop(); pc !== undefined; pc = from.pop()) {
      if (entered[pc] === at) continue;
      entered[pc] = at;
      budget.left -= 1;
      const step = steps[pc];
      if (step === undefined) continue;
      if (step.kind === 'match') return true;
      if (step.kind === 'char') here.push(step);
      else if (step.kind === 'split') from.push(...step.ways);
      else if (holds(step.what, chars, at)) from.push(step.next);
    }
    waiting = here;
    budget.left -= here.length;
    if (budget.left < 0) return undefined;
  }
  return false;
}

type CharStep = Extract<Step, { kind: 'char' }>;

function entriesBehind(waiting: readonly CharStep[], char: Char | undefined): number[] {
  if (char === undefined) return [];
  return waiting.filter(({ set }) => includesChar(set, char)).map(({ next }) => next);
}

function holds(what: Assertion, chars: readonly Char[], at: number): boolean {
  const [before, after] = [chars[at - 1], chars[at]];
  switch (what) {
    case 'textStart':
      return before === undefined;
    case 'textEnd':
      return after === undefined;
    case 'lineStart':
      return before === undefined || before.text === '\n';
    case 'lineEnd':
      return after === undefined || after.text === '\n';
    case 'wordEdge':
      return (before?.isWord ?? false) !== (after?.isWord ?? false);
    case 'noWordEdge':
      return (before?.isWord ?? false) === (after?.isWord ?? false);
  }
}
