import { requireRole } from '@proxywatch/core/domain/access/caller';
import type { NamespaceSpec } from '@proxywatch/core/domain/control/desired-state';
import {
  routeStatement,
  type Route as SqlRoute,
  sliceOf,
} from '@proxywatch/core/domain/control/test-sql/route-statement';
import { digestOf } from '@proxywatch/core/drivers/proxysql/digests/digest-hash';
import { digestTextOf } from '@proxywatch/core/drivers/proxysql/digests/digest-text';
import { z } from 'zod';
import { ok } from '#api/answer';
import { identifier, identifierParams, text } from '#api/fields';
import { route } from '#api/route';
import { findNamespace } from './find-namespace.ts';
import { desiredRules, runningRules, type SqlRules } from './sql-rules.ts';

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
        ? await desiredRules(deps, spec, { kind: DEFAULT_KIND, ...body }, signal)
        : await runningRules(deps, name, body.proxyId, body.username, signal);
    return ok(tell(body, spec, rules));
  },
});

function tell(body: Statement, { slices }: NamespaceSpec, { rows, account, notes }: SqlRules) {
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
