import { type Assertion, type CharSet, type Node, Re2SyntaxError } from './syntax.ts';

/** Steps of a machine that is in many places at once. */
export type Step =
  | { readonly kind: 'char'; readonly set: CharSet; readonly next: number }
  | { readonly kind: 'assert'; readonly what: Assertion; readonly next: number }
  | { readonly kind: 'split'; readonly ways: readonly number[] }
  | { readonly kind: 'match' };

export interface Program {
  readonly steps: readonly Step[];
  readonly start: number;
}

/** RE2 has such a limit too, counted in bytes. */
const MOST_STEPS = 20_000;

/** Written from the end, so that each step knows the next one. Throws a Re2SyntaxError when it would grow too large. */
export function compileProgram(root: Node): Program {
  const steps: Step[] = [{ kind: 'match' }];

  function add(step: Step): number {
    if (steps.length >= MOST_STEPS) throw new Re2SyntaxError('pattern too large');
    return steps.push(step) - 1;
  }

  function compile(node: Node, next: number): number {
    switch (node.kind) {
      case 'empty':
        return next;
      case 'char':
        return add({ kind: 'char', set: node.set, next });
      case 'assert':
        return add({ kind: 'assert', what: node.what, next });
      case 'concat':
        return node.parts.reduceRight((after, part) => compile(part, after), next);
      case 'alternate':
        return add({ kind: 'split', ways: node.parts.map((part) => compile(part, next)) });
      case 'repeat':
        return compileRepeat(node, next);
    }
  }

  function compileRepeat({ of, least, most }: Extract<Node, { kind: 'repeat' }>, next: number): number {
    let entry = next;
    if (most === Number.POSITIVE_INFINITY) {
      const loop = add({ kind: 'split', ways: [] });
      steps[loop] = { kind: 'split', ways: [compile(of, loop), next] };
      entry = loop;
    } else {
      for (let i = least; i < most; i++) entry = add({ kind: 'split', ways: [compile(of, entry), next] });
    }
    for (let i = 0; i < least; i++) entry = compile(of, entry);
    return entry;
  }

  const start = compile(root, 0);
  return { steps, start };
}
