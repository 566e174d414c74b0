import { z } from 'zod';

/** What a field of the environment makes of its text: a value, or what is wrong with it. */
export type FieldResult<T> = { readonly value: T } | { readonly problem: string };

/**
 * One kind of setting: `expected` tells people what to write, `parse` gets the trimmed text. Put `.default(…)` (a parsed
 * value) or `.optional()` behind it. `parse` must not quote the text of a secret in its problem.
 */
export function field<T>(expected: string, parse: (text: string) => FieldResult<T>) {
  return z.string({ error: () => `not set, expected ${expected}` }).transform((text, ctx): T => {
    const result = parse(text.trim());
    if ('value' in result) return result.value;
    ctx.addIssue({ code: 'custom', message: `${result.problem}, expected ${expected}` });
    return z.NEVER;
  });
}

/** The text as a problem shows it: quoted, and cut so that a file pasted into a variable does not fill the screen. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}
