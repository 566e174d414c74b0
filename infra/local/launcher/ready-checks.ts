import { open } from 'node:fs/promises';
import { checkJson } from '@proxywatch/core/config/parse-json';
import { z } from 'zod';

const PROBE_TIMEOUT_MS = 2_000;
const LOG_WINDOW_BYTES = 1 << 20;

/**
 * Asks a process whether it is ready; `log` holds what it has printed since `logOffset`. Answers what the process told
 * about itself, `undefined` while it is not ready. May reject then too.
 */
export type ReadyCheck = (output: Output, signal: AbortSignal) => Promise<Told | undefined>;

export interface Output {
  readonly log: string;
  readonly logOffset: number;
}

export type Told = Readonly<Record<string, unknown>>;

/** Ready once the process printed a line of JSON with `"ready": true`; that line is what it tells. */
export const printsReadyLine: ReadyCheck = async ({ log, logOffset }) => {
  const file = await open(log);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LOG_WINDOW_BYTES), 0, LOG_WINDOW_BYTES, logOffset);
    return buffer
      .toString('utf8', 0, bytesRead)
      .split('\n')
      .map(readyLine)
      .find((told) => told !== undefined);
  } finally {
    await file.close();
  }
};

/** Ready once a GET is answered 200. */
export function answersHttp(url: string): ReadyCheck {
  return async (_, signal) => {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]) });
    await response.arrayBuffer();
    return response.status === 200 ? {} : undefined;
  };
}

const READY_LINE = z.looseObject({ ready: z.literal(true) });

function readyLine(line: string): Told | undefined {
  if (!line.startsWith('{') || !line.includes('"ready"')) return undefined;
  const result = checkJson(READY_LINE, line);
  return 'value' in result ? result.value : undefined;
}
