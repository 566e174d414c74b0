import { type Caller, createCaller } from '@proxywatch/core/domain/access/caller';
import { includesRole, type Role } from '@proxywatch/core/domain/access/role';
import { errorCodeOf, isProxywatchError, ProxywatchError } from '@proxywatch/core/domain/errors';
import { untilAborted } from '@proxywatch/core/drivers/until-aborted';
import type { Answer } from './answer.ts';
import type { ApiRuntime } from './api-runtime.ts';
import { type Awaited, longestAwaited, notingServices } from './awaited-services.ts';
import { isNotModified, readIfMatch } from './conditions.ts';
import { createRequest } from './create-request.ts';
import { startDeadline } from './deadline.ts';
import type { Exchange } from './exchange.ts';
import type { RouteTable } from './find-route.ts';
import type { GatewayEvent } from './gateway-event.ts';
import { answerOnce, readIdempotencyKey, requestHashOf } from './idempotency.ts';
import { createKeySweep } from './key-sweep.ts';
import { readInput } from './read-input.ts';
import { readReason } from './read-reason.ts';
import type { AnyRoute } from './route.ts';

/** Of this process; the keys are everybody's. */
const sweepKeys = createKeySweep();
const NOBODY = createCaller({ name: '', groups: [] }, []);

/** Nothing about the API is told to who is not authenticated, not even which paths there are. */
export async function serveRequest(exchange: Exchange, runtime: ApiRuntime, table: RouteTable): Promise<Answer> {
  const awaited: Awaited = new Set();
  const deadline = startDeadline(exchange.context, () => longestAwaited(awaited));
  try {
    const answer = notingServices(awaited, () => serveWithin(exchange, runtime, table, deadline.signal));
    // Whatever forgets the signal is left behind.
    return await untilAborted(answer, deadline.signal);
  } finally {
    deadline.stop();
  }
}

async function serveWithin(
  exchange: Exchange,
  runtime: ApiRuntime,
  table: RouteTable,
  signal: AbortSignal,
): Promise<Answer> {
  const { event } = exchange;
  const route = table.find(event.resource, event.httpMethod);
  exchange.route = route;
  const caller = await authenticate(exchange, runtime, route, signal);
  exchange.caller = caller;
  if (route === undefined) throw unknownRoute(table.methodsOf(event.resource, event.path), event.httpMethod);
  if (route.role !== 'public') requireRoleSomewhere(caller, route.role);
  return runRoute(exchange, runtime, route, caller, signal);
}

async function authenticate(
  { event, headers }: Exchange,
  { authenticator, roles }: ApiRuntime,
  route: AnyRoute | undefined,
  signal: AbortSignal,
): Promise<Caller> {
  if (route?.role === 'public' && !asksWho(route, event)) return NOBODY;
  const authorizations = headers.authorization ?? [];
  const iamArn = event.requestContext.identity.userArn ?? undefined;
  const presented = { authorization: authorizations[0], iamArn };
  try {
    if (authorizations.length > 1) throw new ProxywatchError('UNAUTHENTICATED', 'the header authorization came twice');
    return await roles.fetchCaller(await authenticator.authenticate(presented, signal), signal);
  } catch (error) {
    // The route itself tells those who are not known what they may not.
    if (route?.role === 'public' && errorCodeOf(error) === 'UNAUTHENTICATED') return NOBODY;
    throw error;
  }
}

function asksWho({ callerFlag }: AnyRoute, { multiValueQueryStringParameters: query }: GatewayEvent): boolean {
  return callerFlag !== undefined && query?.[callerFlag]?.includes('true') === true;
}

function requireRoleSomewhere({ name, highestRole }: Caller, role: Role): void {
  if (includesRole(highestRole, role)) return;
  // With the name that a binding would have to name.
  throw new ProxywatchError('FORBIDDEN', `this needs the role ${role}, ${name} has ${highestRole ?? 'none'}`);
}

async function runRoute(
  exchange: Exchange,
  runtime: ApiRuntime,
  route: AnyRoute,
  caller: Caller,
  signal: AbortSignal,
): Promise<Answer> {
  const { event, headers } = exchange;
  const input = readInput(route, event, headers);
  const ifMatch = readIfMatch(headers, route.needsIfMatch === true);
  const reason = readReason(headers);
  const given = route.method === 'POST' ? readIdempotencyKey(headers) : undefined;
  const dryRun = isDryRun(input.query);
  const key = dryRun ? undefined : given;
  const { deps } = runtime;
  const request = requestHashOf(route.method, event.path, event.multiValueQueryStringParameters, event.body);
  const once = {
    // Not touched before there is a key to look at.
    get db() {
      return deps.db;
    },
    caller: caller.name,
    key,
    // Keyed: a body may hold a password, and nobody who reads the DCDB is to try passwords out.
    requestHash: key === undefined ? request : await deps.secrets.fingerprint(`request:${request}`, signal),
    signal,
    log: deps.log,
  };
  const answer = await answerOnce(once, (keep) => {
    const request = createRequest({ exchange, runtime, input, caller, ifMatch, reason, dryRun, signal, keep, once });
    return route.handle(deps, request);
  });
  if (once.key !== undefined) await sweepKeys(deps);
  const isKnown = route.method === 'GET' && isNotModified(headers, answer.headers?.etag);
  return isKnown ? { status: 304, headers: { ...answer.headers } } : answer;
}

function isDryRun(query: unknown): boolean {
  return typeof query === 'object' && query !== null && 'dryRun' in query && query.dryRun === true;
}

function unknownRoute(methods: readonly string[], method: string): ProxywatchError {
  if (methods.length === 0) return new ProxywatchError('NOT_FOUND', 'there is no such path');
  return new MethodNotAllowed(method, methods);
}

export class MethodNotAllowed extends ProxywatchError {
  readonly allowed: readonly string[];

  constructor(method: string, allowed: readonly string[]) {
    super('METHOD_NOT_ALLOWED', `${method} is not for this path, it takes ${allowed.join(', ')}`);
    this.allowed = allowed;
  }
}

export function allowedBy(error: unknown): readonly string[] | undefined {
  return isProxywatchError(error) && error instanceof MethodNotAllowed ? error.allowed : undefined;
}
