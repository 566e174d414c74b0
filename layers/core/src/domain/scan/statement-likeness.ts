import { maskLiterals } from './mask-literals.ts';

/** `unlike`: other statements altogether. `other`: they differ, which one text cut or normalised otherwise does too. */
export type Likeness = 'same' | 'unknown' | 'other' | 'unlike';

/** Long enough to tell, and shorter than any cut. */
const COMPARED_CHARACTERS = 400;

/** Whether two texts, each normalised in its own way or not at all, may be of the same statement. */
export function likenessOf(a: string | undefined, b: string | undefined): Likeness {
  if (!a || !b) return 'unknown';
  const [one, two] = [normalised(a), normalised(b)];
  if (one.verb !== two.verb) return 'unlike';
  return one.rest.startsWith(two.rest) || two.rest.startsWith(one.rest) ? 'same' : 'other';
}

function normalised(text: string): { readonly verb: string; readonly rest: string } {
  const masked = maskLiterals(text, COMPARED_CHARACTERS).toLowerCase();
  const [verb = ''] = /^\w*/.exec(masked) ?? [];
  return {
    verb,
    rest: masked
      .replace(/\?\+/g, '?')
      .replace(/,?\s*\.\.\./g, '')
      .replace(/[\s`]+/g, ''),
  };
}
