import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { Answer } from './answer.ts';
import type { GatewayEvent, GatewayResult } from './gateway-event.ts';
import { problemAnswer } from './problem.ts';

/** Lambda hands on 6 MB at most, the envelope included, in which quotes are escaped. */
const MAX_ANSWER_BYTES = 4_500_000;
const BODILESS = new Set([204, 304]);

/**
 * An answer as API Gateway takes it, with the headers that stand on every one.
 * @param basePath what stands before our paths for callers, such as the stage
 */
export function finishAnswer(answer: Answer, requestId: string, basePath: string): GatewayResult {
  const body = bodyOf(answer);
  if (Buffer.byteLength(body) > MAX_ANSWER_BYTES) return finishAnswer(tooLarge(requestId), requestId, basePath);
  const type = typeof answer.body === 'string' ? 'text/plain; charset=utf-8' : 'application/json';
  return {
    statusCode: answer.status,
    headers: {
      ...(body !== '' && { 'content-type': type }),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...answer.headers,
      ...(answer.headers?.location !== undefined && { location: basePath + answer.headers.location }),
      'x-request-id': requestId,
    },
    body,
    isBase64Encoded: false,
  };
}

/** Whoever follows a path from the answer has to come by the way that he came. */
export function basePathOf({ path, requestContext }: GatewayEvent): string {
  const whole = requestContext.path ?? path;
  return whole.endsWith(path) ? whole.slice(0, -path.length) : '';
}

function bodyOf({ status, body }: Answer): string {
  if (body === undefined || BODILESS.has(status)) return '';
  return typeof body === 'string' ? body : JSON.stringify(body);
}

function tooLarge(requestId: string): Answer {
  const message = `the answer would have more than ${MAX_ANSWER_BYTES} bytes: ask for less at once`;
  return problemAnswer(new ProxywatchError('UNPROCESSABLE', message), requestId);
}
