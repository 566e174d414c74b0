import type { FieldProblem } from '@proxywatch/core/domain/errors';
import type { z } from 'zod';
import { pointerOf } from './json-pointer.ts';

/** More than this helps nobody. */
export const MAX_PROBLEMS = 50;

export type InputPart = 'params' | 'query' | 'body';

/** The value, with what is wrong with it added to `problems`. No message repeats what was given: it may be a secret. */
export function parseInput<T>(
  schema: z.ZodType<T>,
  input: unknown,
  part: InputPart,
  problems: FieldProblem[],
): T | undefined {
  const result = schema.safeParse(input, { error: describeIssue });
  if (result.success) return result.data;
  for (const issue of result.error.issues) problems.push(...problemsOf(issue, part));
  return undefined;
}

/** `/slices/0/name` in a body, `?limit` in the query, `{id}` in the path. */
export function placeOf(part: InputPart, path: readonly PropertyKey[]): string {
  if (part === 'body') return pointerOf(path);
  const name = String(path[0] ?? '');
  return part === 'query' ? `?${name}` : `{${name}}`;
}

function problemsOf(issue: z.core.$ZodIssue, part: InputPart): readonly FieldProblem[] {
  if (issue.code === 'unrecognized_keys') {
    const message = part === 'body' ? 'unknown field' : 'unknown parameter';
    return issue.keys.map((key) => ({ pointer: placeOf(part, [...issue.path, key]), message }));
  }
  if (issue.code === 'invalid_union') return unionProblems(issue, part);
  return [{ pointer: placeOf(part, issue.path), message: issue.message }];
}

/** Those of the form that was meant: the one in which the least is wrong. */
function unionProblems(issue: z.core.$ZodIssueInvalidUnion, part: InputPart): readonly FieldProblem[] {
  const fewest = issue.errors.toSorted((a, b) => depthOf(b) - depthOf(a) || a.length - b.length)[0];
  if (fewest === undefined || fewest.length === 0 || depthOf(fewest) === 0) {
    return [{ pointer: placeOf(part, issue.path), message: 'fits none of the forms that are allowed' }];
  }
  return fewest.flatMap((inner) => problemsOf({ ...inner, path: [...issue.path, ...inner.path] }, part));
}

function depthOf(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map(({ path }) => path.length));
}

function describeIssue(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type') {
    if (issue.input === undefined) return `missing, expected ${issue.expected}`;
    return `expected ${issue.expected}, got ${typeOf(issue.input)}`;
  }
  if (issue.code === 'invalid_format') return `does not match the pattern ${issue.pattern ?? issue.format}`;
  return undefined;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
