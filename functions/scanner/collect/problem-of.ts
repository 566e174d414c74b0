import { errorCodeOf, messageOf } from '@proxywatch/core/domain/errors';
import type { Problem } from './collect.ts';

/** Any thrown value as a report tells of it. */
export function problemOf(error: unknown): Problem {
  return { code: errorCodeOf(error) ?? 'INTERNAL', message: messageOf(error) };
}
