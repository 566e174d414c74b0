import type { z } from 'zod';
import { field } from './field.ts';
import { checkJson } from './parse-json.ts';

const MAX_PROBLEMS = 5;

/** JSON in a variable, such as `{"keyLogs":60000}`; problems stand at their JSON pointers. `expected` tells people the form. */
export function json<T>(schema: z.ZodType<T>, expected: string) {
  return field<T>(expected, (text) => {
    const result = checkJson(schema, text);
    return 'value' in result ? result : { problem: result.problems.slice(0, MAX_PROBLEMS).join(', ') };
  });
}
