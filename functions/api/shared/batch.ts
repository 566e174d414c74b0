import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { z } from 'zod';
import { type Answer, ok } from './answer.ts';
import type { ApiDeps } from './api-deps.ts';
import type { ApiRequest } from './api-request.ts';
import { describe } from './log-exchange.ts';
import { problemAnswer } from './problem.ts';
import { type Route, route } from './route.ts';

export const MAX_ITEMS = 100;

/** As a route, for one item: `body` is the schema of an item, `handle` is called for each. */
export interface BatchDefinition<P, Q, I> extends Omit<Route<P, Q, I>, 'method' | 'body' | 'answers' | 'needsIfMatch'> {
  readonly path: `/${string}/actions/batch`;
  readonly body: z.ZodType<I>;
  /** More than 200, where there is more. */
  readonly answers?: Route['answers'];
}

export interface BatchResult {
  readonly index: number;
  readonly status: number;
  readonly body?: unknown;
  readonly problem?: unknown;
}

const results = z.strictObject({
  items: z.array(
    z.strictObject({
      index: z.int(),
      status: z.int(),
      body: z.unknown().optional(),
      problem: z.unknown().optional(),
    }),
  ),
});

/**
 * A route that does up to 100 things, one after another, each in its own transaction: what goes wrong with one leaves the
 * others alone. The whole batch is refused (400) when one item is not even in form.
 */
export function batchRoute<P = Record<string, never>, Q = Record<string, never>, I = unknown>(
  definition: BatchDefinition<P, Q, I>,
): Route<P, Q, { readonly items: readonly I[] }> {
  const { handle, body, answers, ...rest } = definition;
  return route<P, Q, { readonly items: readonly I[] }>({
    ...rest,
    method: 'POST',
    body: z.strictObject({ items: z.array(body).min(1).max(MAX_ITEMS) }) as unknown as z.ZodType<{
      readonly items: readonly I[];
    }>,
    answers: { 200: { description: 'What became of each item, in the order given.', schema: results }, ...answers },
    async handle(deps, request) {
      const items: BatchResult[] = [];
      for (const [index, item] of request.body.items.entries()) {
        items.push(resultOf(index, await attempt(deps, request, index, item, handle)));
      }
      return ok({ items });
    },
  });
}

async function attempt<P, Q, I>(
  deps: ApiDeps,
  request: ApiRequest<P, Q, unknown>,
  index: number,
  item: I,
  handle: (deps: ApiDeps, request: ApiRequest<P, Q, I>) => Promise<Answer>,
): Promise<Answer> {
  try {
    if (request.signal.aborted)
      throw new ProxywatchError('CANCELLED', 'the time of the request was over before', { service: 'the batch' });
    return await request.item(index, item, (own) => handle(deps, own));
  } catch (error) {
    const answer = problemAnswer(error, request.requestId);
    if (answer.status >= 500)
      request.log.error('batch item', { requestId: request.requestId, index, ...describe(error) });
    return answer;
  }
}

function resultOf(index: number, { status, body }: Answer): BatchResult {
  if (status >= 400) return { index, status, problem: body };
  return body === undefined ? { index, status } : { index, status, body };
}
