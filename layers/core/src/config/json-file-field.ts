import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { checkJson } from './parse-json.ts';

export const MAX_FILE_BYTES = 16_000_000;

/**
 * The path of a JSON file that is there and fits the schema. The value stays the path: what reads the file later also
 * takes over its changes. Each problem inside the file is a problem of the variable.
 */
export function jsonFile(schema: z.ZodType) {
  return z.string({ error: () => 'not set, expected the path of a JSON file' }).transform((text, ctx): string => {
    const path = text.trim();
    const problems = problemsOfFile(schema, path);
    for (const problem of problems) ctx.addIssue({ code: 'custom', message: problem });
    return problems.length === 0 ? path : z.NEVER;
  });
}

function problemsOfFile(schema: z.ZodType, path: string): readonly string[] {
  let text: string;
  try {
    if (statSync(path).size > MAX_FILE_BYTES) return [`${path} is larger than ${MAX_FILE_BYTES} bytes`];
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'error';
    return [`${path} cannot be read (${code}), expected the path of a JSON file`];
  }
  const result = checkJson(schema, text);
  return 'problems' in result ? result.problems.map((problem) => `${path} ${problem}`) : [];
}
