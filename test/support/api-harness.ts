import type { Principal, RoleBinding } from '@proxywatch/core/domain/access/caller';
import { createCaller } from '@proxywatch/core/domain/access/caller';
import type { Role } from '@proxywatch/core/domain/access/role';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { Authenticator } from '@proxywatch/core/ports/authenticator';
import type { Log, LogFields } from '@proxywatch/core/ports/log';
import type { ApiDeps } from '../../functions/api/shared/api-deps.ts';
import { createApiHandler } from '../../functions/api/shared/create-api-handler.ts';
import { createCursorCodec } from '../../functions/api/shared/cursor.ts';
import type { ApiHandler, GatewayEvent, GatewayResult } from '../../functions/api/shared/gateway-event.ts';
import type { AnyRoute, ApiModule } from '../../functions/api/shared/route.ts';
import { createRouteMatcher } from '../../infra/local/api/match-route.ts';

/** Who calls: a role for all namespaces, nobody (no credentials), or somebody with these bindings. */
export type TestCaller =
  | Role
  | 'nobody'
  | {
      readonly name?: string;
      readonly groups?: readonly string[];
      /** `{ shop: 'operator' }`; `*` is every namespace. */
      readonly roles: Readonly<Record<string, Role>>;
    };

export interface TestCall {
  /** @default admin */
  readonly as?: TestCaller;
  /** Sent as JSON; a string or Buffer as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Of the Lambda. @default 30000 */
  readonly remainingMs?: number;
}

export interface TestAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed where it is JSON; `undefined`: there is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
  readonly body: any;
  readonly text: string;
}

export interface TestApi {
  /** `path` with its query, percent-encoded: `/v1/accounts?filter[username]=app`. */
  call(method: string, path: string, options?: TestCall): Promise<TestAnswer>;
  /** What was logged so far. */
  readonly log: readonly LoggedLine[];
}

export interface LoggedLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly event: string;
  readonly fields: LogFields;
}

/**
 * The API as Lambda runs it, with the routes and the parts that a test gives; a part that is asked for and was not given
 * throws. Callers are believed: authentication has tests of its own.
 */
export function createTestApi(routes: readonly AnyRoute[], given: Partial<ApiDeps> = {}): TestApi {
  const lines: LoggedLine[] = [];
  const deps = depsOf({ log: memoryLog(lines), nowMs: Date.now, ...given });
  const cursors = createCursorCodec(async () => 'the key of a test');
  const runtime = () => ({ deps, authenticator: believing, roles: { fetchCaller: callerOf }, cursors });
  const handlers = new Map<ApiModule, ApiHandler>();
  const handlerOf = (module: ApiModule) => {
    const handler = handlers.get(module) ?? createApiHandler(module, routes, runtime, { known: routes });
    handlers.set(module, handler);
    return handler;
  };
  const match = createRouteMatcher(routes);
  return {
    log: lines,
    async call(method, target, options = {}) {
      const url = new URL(`http://api.test${target}`);
      const found = match(method, url.pathname);
      const resource = found?.route.path ?? '/{proxy+}';
      const event = eventOf(method, url, resource, found?.parameters ?? {}, options);
      const { remainingMs = 30_000 } = options;
      const handler = handlerOf(found?.route.module ?? 'system');
      return answerOf(await handler(event, { getRemainingTimeInMillis: () => remainingMs }));
    },
  };
}

/** An event as API Gateway makes it. */
export function eventOf(
  method: string,
  url: URL,
  resource: string,
  parameters: Readonly<Record<string, string>>,
  { as = 'admin', body, headers = {} }: TestCall,
): GatewayEvent {
  const all: Record<string, readonly string[]> = {};
  for (const [name, value] of Object.entries(headers)) all[name] = typeof value === 'string' ? [value] : value;
  if (as !== 'nobody' && all.authorization === undefined) all.authorization = [tokenOf(as)];
  if (body !== undefined && all['content-type'] === undefined) all['content-type'] = ['application/json'];
  const query = Object.groupBy([...url.searchParams], ([name]) => name);
  return {
    resource,
    path: url.pathname,
    httpMethod: method,
    multiValueHeaders: all,
    multiValueQueryStringParameters: Object.fromEntries(
      Object.entries(query).map(([name, pairs = []]) => [name, pairs.map(([, value]) => value)]),
    ),
    pathParameters: { ...parameters },
    requestContext: { requestId: crypto.randomUUID(), identity: { sourceIp: '192.0.2.1' } },
    body: Buffer.isBuffer(body)
      ? body.toString('base64')
      : typeof body === 'string'
        ? body
        : (JSON.stringify(body) ?? null),
    isBase64Encoded: Buffer.isBuffer(body),
  };
}

export function answerOf({ statusCode, headers, body }: GatewayResult): TestAnswer {
  const isJson = /json/.test(headers['content-type'] ?? '');
  return { status: statusCode, headers, text: body, body: isJson ? JSON.parse(body) : body === '' ? undefined : body };
}

interface Believed extends Principal {
  readonly roles: Readonly<Record<string, Role>>;
}

function tokenOf(as: Exclude<TestCaller, 'nobody'>): string {
  const {
    name,
    groups = [],
    roles,
  }: Exclude<TestCaller, string> = typeof as === 'string' ? { name: `test-${as}`, roles: { '*': as } } : as;
  const believed: Believed = { name: name ?? `test-${JSON.stringify(roles)}`, groups, roles };
  return `Believe ${Buffer.from(JSON.stringify(believed)).toString('base64')}`;
}

const believing: Authenticator = {
  challenge: 'Believe',
  async authenticate({ authorization }) {
    const token = /^Believe (.+)$/.exec(authorization ?? '')?.[1];
    if (token === undefined) throw new ProxywatchError('UNAUTHENTICATED', 'this needs a token');
    return JSON.parse(Buffer.from(token, 'base64').toString('utf8'));
  },
};

async function callerOf(principal: Principal) {
  const { name, roles } = principal as Believed;
  const bindings = Object.entries(roles).map(
    ([namespace, role]): RoleBinding => ({ subjectKind: 'user', subject: name, role, namespace }),
  );
  return createCaller(principal, bindings);
}

/** What the API always has; anything else that is asked for may be absent there too. */
const PARTS = new Set<PropertyKey>([
  'db',
  'redis',
  'registry',
  'fleet',
  'pauses',
  'credentials',
  'drivers',
  'controls',
  'databases',
  'skyeye',
  'alertRules',
  'operations',
  'secrets',
  'hasBootstrapAdmin',
  'log',
  'nowMs',
] satisfies (keyof ApiDeps)[]);

function depsOf(given: Partial<ApiDeps>): ApiDeps {
  return new Proxy(given as ApiDeps, {
    get(target, name) {
      if (name in target || !PARTS.has(name)) return Reflect.get(target, name);
      throw new Error(`the test gave no ${String(name)}`);
    },
  });
}

function memoryLog(lines: LoggedLine[]): Log {
  const add =
    (level: LoggedLine['level']) =>
    (event: string, fields: LogFields = {}) =>
      void lines.push({ level, event, fields });
  return { info: add('info'), warn: add('warn'), error: add('error') };
}
