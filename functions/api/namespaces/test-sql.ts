import { requireRole } from '@proxywatch/core/domain/access/caller';
import type { ConfigRow, FieldValue } from '@proxywatch/core/domain/control/config-rows';
import type { NamespaceSpec } from '@proxywatch/core/domain/control/desired-state';
import {
  routeStatement,
  type Route as SqlRoute,
  sliceOf,
} from '@proxywatch/core/domain/control/test-sql/route-statement';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { fetchAccounts } from '@proxywatch/core/drivers/dcdb/accounts/account-repository';
import { fetchProxyRecord } from '@proxywatch/core/drivers/dcdb/proxies/proxy-records';
import { digestOf } from '@proxywatch/core/drivers/proxysql/digests/digest-hash';
import { digestTextOf } from '@proxywatch/core/drivers/proxysql/digests/digest-text';
import type { FieldNote } from '@proxywatch/core/ports/proxy-control';
import { z } from 'zod';
import { withAdminSession } from '../shared/admin-session.ts';
import { ok } from '../shared/answer.ts';
import type { ApiDeps } from '../shared/api-deps.ts';
import { identifier, identifierParams, text } from '../shared/fields.ts';
import { route } from '../shared/route.ts';
import { findNamespace } from './find-namespace.ts';

const TIMEOUT_MS = 8_000;
const LONGEST_SQL = 16_384;
const DEFAULT_KIND = 'proxysql';

const statement = z.strictObject({
  sql: text(LONGEST_SQL, { min: 1, multiline: true }),
  username: text(64, { min: 1 }),
  schema: text(64, { min: 1 }).optional().meta({ description: "the account's default schema without it" }),
  clientAddress: text(64, { min: 1 }).optional(),
  kind: identifier()
    .optional()
    .meta({ description: `kind of proxy whose rules are tried; ${DEFAULT_KIND} without it` }),
  proxyId: identifier()
    .optional()
    .meta({ description: 'tries the rules that run on this proxy, not the desired ones' }),
});
type Statement = z.output<typeof statement>;

const nullableString = z.string().nullable();

const testAnswer = z.strictObject({
  source: z.enum(['desired', 'proxy']),
  proxyId: nullableString,
  digest: z.string(),
  digestText: z.string(),
  schema: z.string(),
  outcome: z.enum(['forwarded', 'refused', 'answered']),
  hostgroup: z.int().nullable(),
  slice: z.strictObject({ name: z.string(), cluster: z.string(), role: z.enum(['writer', 'reader']) }).nullable(),
  message: nullableString.meta({ description: 'what the proxy answers itself' }),
  decidedBy: z.int().nullable().meta({ description: "id of the rule; null: the account's default hostgroup" }),
  matched: z.array(
    z.strictObject({
      rule: z.int(),
      hostgroup: z.int().nullable(),
      errorMessage: nullableString,
      isLast: z.boolean(),
      comment: z.string(),
    }),
  ),
  certain: z.boolean().meta({ description: 'false: rules that could not be told might decide otherwise' }),
  undecided: z.array(z.strictObject({ rule: z.int(), reason: z.string() })),
  notes: z.array(z.string()).meta({ description: 'what rules of this kind of proxy cannot express' }),
});

export const testSql = route({
  module: 'namespaces',
  method: 'POST',
  path: '/v1/namespaces/{id}/actions/test-sql',
  operationId: 'testNamespaceSql',
  summary: 'Tells which rule, hostgroup and slice a statement would hit',
  description:
    'By the rules that the namespace would have after the next plan, or by those that run on a proxy now (operators). The ' +
    'statement is run nowhere and kept nowhere. It is looked at outside of transactions: within one, an account with ' +
    '`transactionPersistent` stays in the hostgroup where the transaction began. Patterns are matched as RE2 does.',
  role: 'viewer',
  params: identifierParams,
  body: statement,
  example: { sql: "SELECT * FROM orders WHERE note = 'x'", username: 'checkout', schema: 'shop' },
  answers: {
    200: { description: 'where it would go', schema: testAnswer },
    404: { description: 'there is no such namespace, or none that the caller may see' },
    409: { description: 'the proxy cannot be asked' },
    422: { description: 'the namespace has no such account or proxy, or there is no such kind' },
  },
  async handle(deps, request) {
    const { params, body, caller, signal } = request;
    const { name, spec } = await findNamespace(deps.db, params.id, 'viewer', request);
    if (body.proxyId !== undefined) requireRole(caller, 'operator', name, `namespace ${name}`);
    const rules =
      body.proxyId === undefined
        ? await desiredRules(deps, spec, body, signal)
        : await runningRules(deps, name, body.proxyId, body.username, signal);
    return ok(tell(body, spec, rules));
  },
});

interface Rules {
  readonly rows: readonly ConfigRow[];
  readonly account: {
    readonly defaultHostgroup: number;
    readonly fastForward: boolean;
    readonly defaultSchema: string;
  };
  readonly notes: readonly string[];
}

async function desiredRules(
  { db, controls }: Pick<ApiDeps, 'db' | 'controls'>,
  namespace: NamespaceSpec,
  { username, kind = DEFAULT_KIND }: Statement,
  signal: AbortSignal,
): Promise<Rules> {
  const control = controls.get(kind);
  if (control === undefined) throw unprocessable('/kind', 'there is no such kind of proxy');
  const accounts = (await fetchAccounts(db, namespace.name, signal)).map(({ spec }) => spec);
  const account = accounts.find((candidate) => candidate.username === username);
  if (account === undefined) throw unprocessable('/username', 'the namespace has no such account');
  const { tables, notes } = control.render({ namespace, accounts, servers: [], variables: [] });
  const { defaultHostgroup, fastForward, defaultSchema } = account;
  return {
    rows: tables.rules ?? [],
    account: { defaultHostgroup, fastForward, defaultSchema: defaultSchema ?? '' },
    notes: notes.filter((note) => isAbout(note, namespace.name, username)).map(tellNote),
  };
}

async function runningRules(
  deps: Pick<ApiDeps, 'db' | 'controls' | 'credentials'>,
  namespace: string,
  proxyId: string,
  username: string,
  signal: AbortSignal,
): Promise<Rules> {
  const proxy = await fetchProxyRecord(deps.db, proxyId, { signal });
  if (proxy === undefined || proxy.registration.namespace !== namespace) {
    throw unprocessable('/proxyId', 'the namespace has no such proxy');
  }
  return withAdminSession(deps, proxy.registration, { timeoutMs: TIMEOUT_MS, signal }, async (session, _, limit) => {
    const { runtime } = await session.fetchConfig(['users', 'rules'], ['runtime'], limit);
    const user = runtime?.users?.find(({ fields }) => fields.username === username)?.fields;
    if (user === undefined) throw unprocessable('/username', 'the proxy has no such user');
    const account = {
      defaultHostgroup: numberOf(user.default_hostgroup),
      fastForward: user.fast_forward === '1',
      defaultSchema: user.default_schema ?? '',
    };
    return { rows: runtime?.rules ?? [], account, notes: [] };
  });
}

function tell(body: Statement, { slices }: NamespaceSpec, { rows, account, notes }: Rules) {
  const { sql, username, proxyId, schema = account.defaultSchema, clientAddress } = body;
  const digestText = digestTextOf(sql);
  const digest = digestOf(digestText);
  const routed = routeStatement(rows, { sql, digestText, digest, username, schema, clientAddress }, account);
  return {
    source: proxyId === undefined ? 'desired' : 'proxy',
    proxyId: proxyId ?? null,
    digest,
    digestText,
    schema,
    ...placeOf(routed.outcome, slices),
    decidedBy: routed.decidedBy,
    matched: [...routed.matched],
    certain: routed.undecided.length === 0,
    undecided: [...routed.undecided],
    notes: [...notes],
  } satisfies z.input<typeof testAnswer>;
}

function placeOf(outcome: SqlRoute['outcome'], slices: NamespaceSpec['slices']) {
  if (outcome.kind !== 'forwarded') {
    return { outcome: outcome.kind, hostgroup: null, slice: null, message: outcome.message };
  }
  const { hostgroup } = outcome;
  return { outcome: outcome.kind, hostgroup, slice: sliceOf(slices, hostgroup) ?? null, message: null };
}

function isAbout({ subject }: FieldNote, namespace: string, username: string): boolean {
  return subject === `namespace ${namespace}` || subject === `account ${username}`;
}

function tellNote({ subject, field, support, reason }: FieldNote): string {
  return `${subject}, ${field} (${support}): ${reason}`;
}

function numberOf(value: FieldValue | undefined): number {
  return typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : 0;
}

function unprocessable(pointer: string, message: string): ProxywatchError {
  return new ProxywatchError('UNPROCESSABLE', message, { problems: [{ pointer, message }] });
}
