import { maskedValue } from '@proxywatch/core/domain/control/change-words';
import {
  CONFIG_MODULES,
  CONFIG_TABLES,
  type ConfigRow,
  type FieldValue,
  type LayerRows,
} from '@proxywatch/core/domain/control/config-rows';
import { differencesOf, type RowDifference } from '@proxywatch/core/domain/control/layer-diff';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { ModuleChecksum } from '@proxywatch/core/domain/proxy-state';
import type { ProxyControl } from '@proxywatch/core/ports/proxy-control';
import { z } from 'zod';
import { withAdminSession } from '#api/admin-session';
import { ok } from '#api/answer';
import type { ApiDeps } from '#api/api-deps';
import { identifier, identifierParams } from '#api/fields';
import { route } from '#api/route';
import { findProxy } from './find-proxy.ts';

const TIMEOUT_MS = 15_000;
/** More than this nobody reads; how many there are is told. */
const MOST_DIFFERENCES = 200;

const value = z.string().nullable();
const compareAnswer = z.strictObject({
  left: z.string(),
  right: z.string(),
  same: z.boolean(),
  tables: z.array(
    z.strictObject({
      table: z.enum(CONFIG_TABLES),
      leftRows: z.int(),
      rightRows: z.int(),
      found: z.int().meta({ description: `rows that differ; the first ${MOST_DIFFERENCES} are told` }),
      differences: z.array(
        z.strictObject({
          name: z.string(),
          onlyIn: z.enum(['left', 'right']).nullable(),
          fields: z.array(z.strictObject({ field: z.string(), left: value, right: value })),
        }),
      ),
    }),
  ),
  checksums: z.array(z.strictObject({ module: z.string(), left: value, right: value, same: z.boolean() })),
});
type Comparison = z.infer<typeof compareAnswer>;

export const compareProxies = route({
  module: 'proxies',
  method: 'GET',
  path: '/v1/proxies/{id}/compare',
  operationId: 'compareProxies',
  summary: 'In what the configurations that run on two proxies differ',
  description:
    'Both are asked now, with their admin credentials. Of passwords and secret variables it is told that they differ.',
  role: 'viewer',
  params: identifierParams,
  query: z.strictObject({ with: identifier() }),
  answers: {
    200: { description: 'the differences, table by table', schema: compareAnswer },
    404: { description: 'there is no such proxy, or none that the caller may see' },
    409: { description: 'one of them cannot be asked, or is registered without an admin credential' },
    422: { description: 'they are of different kinds' },
  },
  async handle(deps, request) {
    const { signal } = request;
    const [left, right] = await Promise.all(
      [request.params.id, request.query.with].map(async (id) => {
        return (await findProxy(deps.db, id, 'viewer', request)).registration;
      }),
    );
    if (left === undefined || right === undefined) throw new ProxywatchError('INTERNAL', 'a proxy was lost');
    const control = deps.controls.get(left.kind);
    if (left.kind !== right.kind || control === undefined) {
      const message = 'is a proxy of another kind';
      throw new ProxywatchError('UNPROCESSABLE', 'proxies of different kinds have nothing to compare', {
        problems: [{ pointer: '?with', message }],
      });
    }
    const [ours, theirs] = await Promise.all([fetchSide(deps, left, signal), fetchSide(deps, right, signal)]);
    return ok(compare(control, left.id, ours, right.id, theirs));
  },
});

interface Side {
  readonly rows: LayerRows;
  readonly checksums: readonly ModuleChecksum[];
}

function fetchSide(deps: ApiDeps, proxy: RegisteredProxy, signal: AbortSignal): Promise<Side> {
  return withAdminSession(deps, proxy, { timeoutMs: TIMEOUT_MS, signal }, async (session, _, limit) => {
    const { checksums } = await session.fetchFacts(limit);
    const { runtime = {} } = await session.fetchConfig(CONFIG_MODULES, ['runtime'], limit);
    return { rows: runtime, checksums };
  });
}

function compare(control: ProxyControl, left: string, ours: Side, right: string, theirs: Side): Comparison {
  const differences = Object.groupBy(differencesOf(control, ours.rows, theirs.rows), ({ table }) => table);
  const tables = CONFIG_TABLES.map((table) => {
    const found = differences[table] ?? [];
    return {
      table,
      leftRows: ours.rows[table]?.length ?? 0,
      rightRows: theirs.rows[table]?.length ?? 0,
      found: found.length,
      differences: found.slice(0, MOST_DIFFERENCES).map((difference) => tell(control, difference)),
    };
  });
  const checksums = compareChecksums(ours.checksums, theirs.checksums);
  return { left, right, same: tables.every(({ found }) => found === 0), tables, checksums };
}

function tell(control: ProxyControl, { table, key, left, right, fields }: RowDifference) {
  const name = control.nameOf(table, key);
  const shown = (field: string, given: FieldValue) => maskedValue(control, table, key, field, given);
  if (left !== undefined && right !== undefined) {
    const told = fields.map(({ field, from, to }) => ({ field, left: shown(field, from), right: shown(field, to) }));
    return { name, onlyIn: null, fields: told };
  }
  const onlyIn = left === undefined ? ('right' as const) : ('left' as const);
  return { name, onlyIn, fields: fieldsOf(left ?? right, onlyIn, shown) };
}

function fieldsOf(
  row: ConfigRow | undefined,
  side: 'left' | 'right',
  shown: (field: string, given: FieldValue) => FieldValue,
) {
  return Object.entries(row?.fields ?? {}).map(([field, given]) => ({
    field,
    left: side === 'left' ? shown(field, given) : null,
    right: side === 'right' ? shown(field, given) : null,
  }));
}

function compareChecksums(ours: readonly ModuleChecksum[], theirs: readonly ModuleChecksum[]): Comparison['checksums'] {
  const modules = [...new Set([...ours, ...theirs].map(({ name }) => name))].toSorted();
  const of = (side: readonly ModuleChecksum[], module: string) =>
    side.find(({ name }) => name === module)?.checksum ?? null;
  return modules.map((module) => {
    const [left, right] = [of(ours, module), of(theirs, module)];
    return { module, left, right, same: left === right };
  });
}
