import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isProxywatchError, messageOf, ProxywatchError } from '../../domain/errors.ts';
import type { DeadLetters } from '../../ports/collect-invoker.ts';
import { deadLetterText } from './dead-letter.ts';

const MAX_FILE_BYTES = 64_000_000;

/** Dead letters in a file that only its owner reads, one line of JSON each. A file that is full takes no more. */
export function createFileDeadLetters(path: string, maxBytes = MAX_FILE_BYTES): DeadLetters {
  // One after the other, so that lines do not mix.
  let before: Promise<unknown> = Promise.resolve();
  return {
    send(request, reason, signal) {
      const line = `${deadLetterText(request, reason)}\n`;
      const appended = before.then(() => {
        signal?.throwIfAborted();
        return append(path, line, maxBytes);
      });
      before = appended.catch(() => undefined);
      return appended;
    },
  };
}

async function append(path: string, line: string, maxBytes: number): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(path, 'a', 0o600);
    try {
      const { size } = await file.stat();
      if (size + Buffer.byteLength(line) > maxBytes)
        throw new ProxywatchError(
          'SINK_FULL',
          `${path} holds ${maxBytes} bytes of dead letters: replay or remove them`,
        );
      await file.appendFile(line);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isProxywatchError(error)) throw error;
    throw new ProxywatchError('SINK_UNAVAILABLE', `dead letters cannot be written: ${messageOf(error)}`);
  }
}
