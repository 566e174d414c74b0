import { errorCodeOf, messageOf } from '@proxywatch/core/domain/errors';
import type { Log } from '@proxywatch/core/ports/log';
import type { Exchange } from './exchange.ts';

/** One line per request, of what it was and how it went; nothing of what it carried. */
export function logExchange(log: Log, exchange: Exchange, status: number): void {
  const { event, requestId, startedMs, route, caller, error } = exchange;
  const fields = {
    requestId,
    method: event.httpMethod,
    route: event.resource,
    ...(route !== undefined && { operation: route.operationId }),
    status,
    durationMs: Math.round(performance.now() - startedMs),
    ...(caller !== undefined && caller.name !== '' && { caller: caller.name }),
    ...(error !== undefined && { code: errorCodeOf(error) ?? 'INTERNAL' }),
    ...(status >= 500 && describe(error)),
  };
  if (status >= 500) log.error('request', fields);
  else log.info('request', fields);
}

/** A database client's message may quote a statement with its values: its code says enough. */
/** What a log may say of an error that nobody foresaw: messages of mysql2 quote values. */
export function describe(error: unknown): { readonly problem?: string; readonly at?: string } {
  if (error === undefined) return {};
  if (typeof error === 'object' && error !== null && 'sqlState' in error) {
    return { problem: 'code' in error ? String(error.code) : 'a statement failed', ...placeOf(error) };
  }
  return { problem: messageOf(error), ...(errorCodeOf(error) === undefined && placeOf(error)) };
}

/** The first frames, without the message above them. */
function placeOf(error: object | unknown): { readonly at?: string } {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return frames.length === 0
    ? {}
    : {
        at: frames
          .slice(0, 3)
          .map((frame) => frame.trim())
          .join(' < '),
      };
}
