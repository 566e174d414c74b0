import { PROXY_COLUMNS, PROXY_STATES, proxyRecordOf } from '@proxywatch/core/drivers/dcdb/proxies/proxy-records';
import { type Expression, type SqlBool, sql } from 'kysely';
import { z } from 'zod';
import { type ListSpec, listAnswer, listPage, listQuery, whereNamespace } from '#api/list';
import { route } from '#api/route';
import { LABEL_NAME, LABEL_VALUE, liveProxyAnswer } from './proxy-fields.ts';
import { proxyResource, withRuntime } from './proxy-resource.ts';
import { fetchRuntimes } from './proxy-runtime.ts';

const MAX_LABELS = 8;

export const proxiesList: ListSpec = {
  name: 'proxies',
  fields: {
    id: { column: 'proxies.id', type: 'string', sortable: true },
    kind: { column: 'proxies.kind', type: 'string', ops: ['eq', 'ne', 'in'] },
    namespace: { column: 'proxies.namespace', type: 'string', sortable: true },
    adminHost: { column: 'proxies.admin_host', type: 'string' },
    adminPort: { column: 'proxies.admin_port', type: 'number' },
    trafficHost: { column: 'proxies.traffic_host', type: 'string', nullable: true },
    trafficPort: { column: 'proxies.traffic_port', type: 'number', nullable: true },
    managed: { column: 'proxies.managed', type: 'boolean' },
    region: { column: 'proxies.region', type: 'string' },
    zone: { column: 'proxies.zone', type: 'string' },
    state: { column: 'proxies.state', type: 'string', values: PROXY_STATES, ops: ['eq', 'ne', 'in'] },
    createdAt: { column: 'proxies.created_at', type: 'time', sortable: true },
    updatedAt: { column: 'proxies.updated_at', type: 'time', sortable: true },
  },
  defaultSort: 'id',
  key: { field: 'id', column: 'proxies.id' },
};

const labelPairs = z
  .string()
  .max(2_000)
  .regex(/^[^=,]+=[^=,]*(?:,[^=,]+=[^=,]*)*$/, { error: 'expected name=value, several separated by commas' })
  .transform((given) =>
    given.split(',').map((pair): readonly [string, string] => {
      const [name = '', value = ''] = pair.split('=');
      return [name, value];
    }),
  )
  .refine((pairs) => pairs.length <= MAX_LABELS && pairs.every(isLabel), {
    error: `expected up to ${MAX_LABELS} labels as name=value`,
  });

export const listProxies = route({
  module: 'proxies',
  method: 'GET',
  path: '/v1/proxies',
  operationId: 'listProxies',
  summary: 'Proxies of the namespaces that the caller may see',
  description:
    '`labels=team=core,tier=1` leaves the proxies that have all of these labels. `include=runtime` adds what scanner and ' +
    'gateways last wrote down, and shows the state that follows from it; `filter[state]` goes by what is stored, which is ' +
    'what somebody decided, or what was found when the proxy was tried last.',
  role: 'viewer',
  query: listQuery(proxiesList, {
    labels: labelPairs.optional(),
    include: z.enum(['runtime']).optional(),
  }),
  answers: { 200: { description: 'a page of proxies', schema: listAnswer(liveProxyAnswer) } },
  handle(deps, request) {
    const { labels = [], include } = request.query;
    let proxies = whereNamespace(
      deps.db.selectFrom('proxies').select(PROXY_COLUMNS),
      'proxies.namespace',
      request.caller,
    );
    for (const [name, value] of labels) proxies = proxies.where(hasLabel(name, value));
    return listPage(proxiesList, request, proxies, async (rows) => {
      const items = rows.map((row) => proxyResource(proxyRecordOf(row)));
      if (include === undefined) return items;
      const runtimes = await fetchRuntimes(
        deps,
        items.map(({ id }) => id),
        request.signal,
      );
      return items.map((item) => {
        const runtime = runtimes.get(item.id);
        return runtime === undefined ? { ...item, runtime: null } : withRuntime(item, runtime);
      });
    });
  },
});

/** Names have no quotes, so that a path into JSON can hold them. */
function hasLabel(name: string, value: string): Expression<SqlBool> {
  return sql<SqlBool>`json_unquote(json_extract(proxies.labels, ${`$."${name}"`})) = ${value}`;
}

function isLabel([name, value]: readonly [string, string]): boolean {
  return LABEL_NAME.test(name) && LABEL_VALUE.test(value);
}
