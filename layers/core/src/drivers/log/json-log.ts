import type { Log, LogFields } from '../../ports/log.ts';

/** One JSON object a line. `bound` fields stand in each line. */
export function createJsonLog(write: (line: string) => void, bound: LogFields = {}): Log {
  const line =
    (level: string) =>
    (event: string, fields: LogFields = {}) =>
      write(`${JSON.stringify({ time: new Date().toISOString(), level, event, ...bound, ...fields })}\n`);
  return { info: line('info'), warn: line('warn'), error: line('error') };
}
