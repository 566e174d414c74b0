import { z } from 'zod';

/** What a setting may look like: an object of settings, a list, or a word. */
type Form = z.ZodObject | z.ZodArray | z.ZodLiteral<string>;

/**
 * A setting that has one of several forms. Zod's union tells of all forms or of any; this one knows by the keys which form is
 * meant, and tells what is wrong with that one. Where no key says which, the first form is meant.
 */
export function oneOf<const Forms extends readonly Form[]>(
  ...forms: Forms
): z.ZodType<z.output<Forms[number]>, z.input<Forms[number]>> {
  const chosen = z.unknown().transform((input, context) => {
    const form = meantBy(input, forms);
    if (form === undefined) {
      context.addIssue({ code: 'custom', message: `expected ${forms.map(described).join(', or ')}` });
      return z.NEVER;
    }
    const parsed = form.safeParse(input, { error: (issue) => wordsFor(issue, forms) });
    if (parsed.success) return parsed.data;
    for (const { path, message } of parsed.error.issues) context.addIssue({ code: 'custom', path, message });
    return z.NEVER;
  });
  return chosen as unknown as z.ZodType<z.output<Forms[number]>, z.input<Forms[number]>>;
}

/** What Zod has found, in words for who wrote the file. Parts that know better say so themselves. */
export function wordsFor(issue: z.core.$ZodRawIssue, forms?: readonly Form[]): string | undefined {
  const isMissing = issue.input === undefined;
  switch (issue.code) {
    case 'invalid_type': {
      const expected = `expected ${TYPES[issue.expected] ?? issue.expected}`;
      return isMissing
        ? `not set, ${expected}`
        : `${expected}, not ${typeof issue.input === 'number' ? issue.input : TYPES[typeOf(issue.input)]}`;
    }
    case 'unrecognized_keys':
      return `no such setting: ${issue.keys.join(', ')}; there is ${knownTo(issue.inst, forms)}`;
    case 'too_small':
      return `expected ${issue.minimum}${UNITS[issue.origin] ?? ''} at least`;
    case 'too_big':
      return `expected ${issue.maximum}${UNITS[issue.origin] ?? ''} at most`;
    case 'not_multiple_of':
      return `expected a multiple of ${issue.divisor}`;
    case 'invalid_value':
      return `expected one of ${issue.values.join(', ')}`;
    case 'invalid_union':
      return Array.isArray(issue.options) ? `expected one of ${issue.options.join(', ')}` : undefined;
    default:
      return undefined;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  object: 'settings in { }',
  record: 'settings in { }',
  array: 'a list in [ ]',
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  null: 'null',
};

const UNITS: Readonly<Record<string, string>> = { array: ' of them', string: ' characters' };

function typeOf(input: unknown): string {
  if (input === null) return 'null';
  return Array.isArray(input) ? 'array' : typeof input;
}

/** Of objects the one that has most keys of the input; the first of those that have as many. */
function meantBy(input: unknown, forms: readonly Form[]): Form | undefined {
  const type = typeOf(input);
  const objects = forms.filter((form) => form instanceof z.ZodObject);
  if (type === 'array') return forms.find((form) => form instanceof z.ZodArray);
  if (type !== 'object') return forms.find((form) => form instanceof z.ZodLiteral && form.safeParse(input).success);
  const keys = Object.keys(input as object);
  const shared = (form: z.ZodObject) => keys.filter((key) => Object.hasOwn(form.shape, key)).length;
  return objects.toSorted((a, b) => shared(b) - shared(a))[0];
}

function described(form: Form): string {
  if (form instanceof z.ZodLiteral) return JSON.stringify(form.value);
  return form instanceof z.ZodArray ? 'a list in [ ]' : `{ ${Object.keys(form.shape).join(', ')} }`;
}

function knownTo(schema: unknown, forms?: readonly Form[]): string {
  if (forms?.includes(schema as Form)) return forms.map(described).join(', or ');
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape).join(', ');
  return schema instanceof z.ZodRecord && schema.keyType instanceof z.ZodEnum
    ? schema.keyType.options.join(', ')
    : 'none';
}
