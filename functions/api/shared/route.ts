import type { Role } from '@proxywatch/core/domain/access/role';
import type { z } from 'zod';
import type { Answer } from './answer.ts';
import type { ApiDeps } from './api-deps.ts';
import type { ApiRequest } from './api-request.ts';

/** One Lambda each; `system` has what belongs to no module. */
export const API_MODULES = [
  'accounts',
  'databases',
  'proxies',
  'namespaces',
  'monitoring',
  'variables',
  'system',
] as const;
export type ApiModule = (typeof API_MODULES)[number];

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** An answer as the OpenAPI document tells of it; problems that any request may meet are added there by the kit. */
export interface AnswerSpec {
  readonly description: string;
  /** Of a JSON body; none: the answer has no body, or one of `contentType`. */
  readonly schema?: z.ZodType;
  /** @default application/json */
  readonly contentType?: string;
  /** Text that may be asked for instead: `text/plain`. */
  readonly otherContentType?: string;
}

/**
 * An operation of the API: what the handler, the OpenAPI document, API Gateway and the command line all go by. Its handler
 * gets what the schemas made of the request, and only after the caller was found to have `role` somewhere; the role in the
 * namespace of a resource is asked for by the handler itself (`requireRole`), which alone knows that namespace.
 */
export interface Route<P = unknown, Q = unknown, B = unknown> {
  readonly module: ApiModule;
  readonly method: Method;
  /** `/v1/accounts/{id}/actions/rotate-password`: parameters are whole segments. */
  readonly path: `/${string}`;
  /** Unique, camel case: `rotateAccountPassword`. */
  readonly operationId: string;
  /** One line. */
  readonly summary: string;
  /** Markdown. */
  readonly description?: string;
  readonly role: Role | 'public';
  /** Flag of the query with which a public route asks who calls; without it nobody is looked up, whoever hangs there. */
  readonly callerFlag?: string;
  /** Strict objects of strings (query and path have nothing else), coerced and bounded. */
  readonly params?: z.ZodType<P>;
  readonly query?: z.ZodType<Q>;
  /** JSON; without it a body is refused. */
  readonly body?: z.ZodType<B>;
  /** PATCH and DELETE: refused with 428 without If-Match; the handler compares `ifMatch` and throws STALE. */
  readonly needsIfMatch?: boolean;
  /** By status: all that this route answers on its own, errors of its own included (404, 409, 422 with what they mean). */
  readonly answers: Readonly<Record<number, AnswerSpec>>;
  /** An example of a body, for people; it must fit the schema. */
  readonly example?: unknown;
  handle(deps: ApiDeps, request: ApiRequest<P, Q, B>): Promise<Answer>;
}

/** Any route: what tables of routes are made of. */
// biome-ignore lint/suspicious/noExplicitAny: the schemas of a route fit its handler, which `route` has checked
export type AnyRoute = Route<any, any, any>;

/** Checks that the handler takes what the schemas make. */
export function route<P = Record<string, never>, Q = Record<string, never>, B = undefined>(
  definition: Route<P, Q, B>,
): Route<P, Q, B> {
  return definition;
}
