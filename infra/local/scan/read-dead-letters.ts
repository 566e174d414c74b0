import { readFile, stat } from 'node:fs/promises';
import { collectRequest } from '@proxywatch/core/config/collect-request';
import { checkJson } from '@proxywatch/core/config/parse-json';
import { messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import type { CollectRequest } from '@proxywatch/core/ports/collect-invoker';
import { z } from 'zod';

export interface DeadLetter {
  /** Of the file, from 1. */
  readonly line: number;
  /** Why it is one, as far as it is known. */
  readonly reason: string;
  readonly request: CollectRequest;
}

export interface DeadLetterFile {
  readonly letters: readonly DeadLetter[];
  /** Lines that are no dead letters, each with what is wrong. */
  readonly damaged: readonly { readonly line: number; readonly problem: string }[];
}

const MAX_FILE_BYTES = 128_000_000;

/** What dispatch writes, what Lambda writes when `collect` failed (a destination, a queue), and a bare request. */
const letter = z.union([
  z
    .object({ reason: z.string().default('not known'), request: collectRequest })
    .transform(({ reason, request }) => ({ reason, request })),
  z
    .object({ requestContext: z.object({ condition: z.string() }), requestPayload: collectRequest })
    .transform(({ requestContext, requestPayload }) => ({ reason: requestContext.condition, request: requestPayload })),
  collectRequest.transform((request) => ({ reason: 'not known', request })),
]);

/** Reads a file of dead letters, one line of JSON each. Throws CONFIG_INVALID when there is no such file. */
export async function readDeadLetters(path: string): Promise<DeadLetterFile> {
  const letters: DeadLetter[] = [];
  const damaged: { line: number; problem: string }[] = [];
  for (const [i, text] of (await textOf(path)).split('\n').entries()) {
    if (text.trim() === '') continue;
    const result = checkJson(letter, text);
    if ('value' in result) letters.push({ line: i + 1, ...result.value });
    else
      damaged.push({
        line: i + 1,
        problem: result.problems[0]?.startsWith('not valid JSON') ? 'not valid JSON' : 'no request of the scanner',
      });
  }
  return { letters, damaged };
}

async function textOf(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) throw new Error(`is larger than ${MAX_FILE_BYTES} bytes`);
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new ProxywatchError('CONFIG_INVALID', `${path} cannot be read: ${messageOf(error)}`);
  }
}
