import { includesRole } from '@proxywatch/core/domain/access/role';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { Processlist, ProxySessionState } from '@proxywatch/core/domain/processlist';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import { cutText, maskedText } from '@proxywatch/core/domain/scan/mask-literals';
import { z } from 'zod';
import { ok } from '#api/answer';
import type { ApiDeps } from '#api/api-deps';
import { identifier, instant, queryFlag, queryInteger } from '#api/fields';
import { route } from '#api/route';
import { fetchVisibleProxy } from './visible-proxy.ts';

/** For log-in and the one statement. */
const TIMEOUT_MS = 5_000;
const MAX_STATEMENT = 1_024;

const session = z.strictObject({
  sessionId: z.string(),
  user: z.string(),
  schema: z.string(),
  clientAddress: z.string(),
  hostgroup: z.string(),
  server: z.string().nullable(),
  command: z.string(),
  timeMs: z.number().meta({ description: 'of the running statement, or of the sleep' }),
  statement: z.string().nullable(),
  isStatementCut: z.boolean(),
  transactionMs: z.number().nullable().meta({ description: 'since its transaction began; null: in none' }),
});

export const getLive = route({
  module: 'monitoring',
  method: 'GET',
  path: '/v1/monitoring/live',
  operationId: 'getLive',
  summary: 'Who is connected to a proxy now, and what runs: oldest transactions first, then the longest statements',
  description:
    'Asks the proxy itself, with its statistics credential. Literals are replaced by `?`; `literals=true` shows them to operators of the namespace.',
  role: 'viewer',
  query: z.strictObject({
    proxyId: identifier(),
    user: z.string().max(128).optional(),
    schema: z.string().max(128).optional(),
    transactions: queryFlag().optional().meta({ description: 'only sessions that are in a transaction' }),
    literals: queryFlag().optional(),
    limit: queryInteger(1, 500).default(100),
  }),
  answers: {
    200: {
      description: 'sessions of this moment',
      schema: z.strictObject({
        proxy: z.string(),
        namespace: z.string(),
        observedAt: instant(),
        uptimeS: z.number(),
        sessions: z.int().meta({ description: 'that were read' }),
        running: z.int().meta({ description: 'of these, those that run a statement' }),
        inTransaction: z.int().nullable().meta({ description: 'null: the proxy does not tell of transactions' }),
        isCut: z.boolean().meta({ description: 'the proxy has more sessions than are read or shown' }),
        items: z.array(session),
      }),
    },
    404: { description: 'there is no such proxy' },
    409: { description: 'the proxy cannot be read; `code` says why' },
  },
  async handle(deps, { query, caller, signal }) {
    const { db, nowMs } = deps;
    const proxy = await fetchVisibleProxy(db, query.proxyId, caller, 'viewer', signal);
    const showsLiterals = query.literals === true;
    if (showsLiterals && !includesRole(caller.roleIn(proxy.namespace), 'operator')) {
      throw new ProxywatchError('FORBIDDEN', 'literals are for operators of the namespace');
    }
    const list = await fetchProcesslist(deps, proxy, signal);
    const wanted = list.sessions.filter(
      ({ user, schema, transactionUs }) =>
        (query.user === undefined || user === query.user) &&
        (query.schema === undefined || schema === query.schema) &&
        (query.transactions !== true || transactionUs !== undefined),
    );
    const shown = wanted.toSorted(oldestFirst).slice(0, query.limit);
    return ok({
      proxy: proxy.id,
      namespace: proxy.namespace,
      observedAt: new Date(nowMs()).toISOString(),
      uptimeS: list.uptimeS,
      sessions: list.sessions.length,
      running: list.sessions.filter(({ statement }) => statement !== undefined).length,
      inTransaction: list.tellsTransactions
        ? list.sessions.filter(({ transactionUs }) => transactionUs !== undefined).length
        : null,
      isCut: list.isCut || shown.length < wanted.length,
      items: shown.map((one) => itemOf(one, showsLiterals)),
    });
  },
});

async function fetchProcesslist(
  { drivers, credentials }: Pick<ApiDeps, 'drivers' | 'credentials'>,
  proxy: RegisteredProxy,
  signal: AbortSignal,
): Promise<Processlist> {
  const driver = drivers.get(proxy.kind);
  if (driver === undefined) throw new ProxywatchError('PROXY_UNSUPPORTED', `${proxy.id} is of an unknown kind`);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const credential = await credentials.fetchCredential(proxy.statsCredentialRef, limit);
  const session = await driver.connect(proxy, credential, { timeoutMs: TIMEOUT_MS, signal: limit });
  try {
    return await session.fetchProcesslist(limit);
  } finally {
    await session.close();
  }
}

/** Transactions by age, then statements by the time that they have run, then those who sleep. */
function oldestFirst(a: ProxySessionState, b: ProxySessionState): number {
  const ageOf = ({ transactionUs = -1 }: ProxySessionState) => transactionUs;
  const ranOf = ({ statement, timeMs }: ProxySessionState) => (statement === undefined ? -1 : timeMs);
  return ageOf(b) - ageOf(a) || ranOf(b) - ranOf(a) || b.timeMs - a.timeMs;
}

function itemOf(one: ProxySessionState, showsLiterals: boolean) {
  const { sessionId, user, schema, clientAddress, hostgroup, server, command, timeMs, statement, transactionUs } = one;
  const write = showsLiterals ? cutText : maskedText;
  const shown = statement === undefined ? undefined : write(statement, MAX_STATEMENT);
  return {
    ...{ sessionId, user, schema, clientAddress, hostgroup, command, timeMs },
    server: server ?? null,
    statement: shown?.text ?? null,
    isStatementCut: one.isStatementCut || shown?.isCut === true,
    transactionMs: transactionUs === undefined ? null : Math.round(transactionUs / 1_000),
  };
}
