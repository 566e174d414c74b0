import type { Selectable } from 'kysely';
import {
  SERVER_OVERRIDE_KINDS,
  type ServerOverride,
  type ServerOverrideKind,
} from '../../../domain/control/server-overrides.ts';
import { ProxywatchError } from '../../../domain/errors.ts';
import type { Dcdb } from '../create-dcdb.ts';
import { accessDcdb } from '../dcdb-error.ts';
import type { ServerOverridesTable } from '../desired-tables.ts';

/** An override as it is kept; as it stands it can be given to `desiredServers`. */
export interface ServerOverrideRecord extends ServerOverride {
  readonly namespace: string;
  readonly reason: string;
  readonly createdBy: string;
  readonly revision: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** When it ran out on the proxies too, or the operation that was to do so ended otherwise. */
  readonly returnedAt: Date | null;
  /** Why the proxies do not follow its end. */
  readonly returnProblem: string | null;
}

export const SERVER_OVERRIDE_COLUMNS = [
  'server_overrides.id',
  'server_overrides.namespace',
  'server_overrides.host',
  'server_overrides.port',
  'server_overrides.hostgroup',
  'server_overrides.kind',
  'server_overrides.weight',
  'server_overrides.reason',
  'server_overrides.expires_at',
  'server_overrides.created_by',
  'server_overrides.revision',
  'server_overrides.created_at',
  'server_overrides.updated_at',
  'server_overrides.returned_at',
  'server_overrides.return_problem',
] as const;

/** All overrides of a namespace by server, those that ran out too. `db` may be a transaction. */
export function fetchServerOverrides(
  db: Dcdb,
  namespace: string,
  signal?: AbortSignal,
): Promise<readonly ServerOverrideRecord[]> {
  return accessDcdb(async () => {
    const rows = await overrides(db)
      .where('namespace', '=', namespace)
      .orderBy('host')
      .orderBy('port')
      .orderBy('id')
      .execute({ signal });
    return rows.map(serverOverrideOf);
  });
}

/** Those of one server in one hostgroup, or in all (`null`), which the transaction holds until its end. */
export function lockServerOverrides(
  tx: Dcdb,
  place: Pick<ServerOverrideRecord, 'namespace' | 'host' | 'port' | 'hostgroup'>,
  signal?: AbortSignal,
): Promise<readonly ServerOverrideRecord[]> {
  const { namespace, host, port, hostgroup } = place;
  return accessDcdb(async () => {
    const rows = await overrides(tx)
      .where('namespace', '=', namespace)
      .where('host', '=', host)
      .where('port', '=', port)
      .where('hostgroup', hostgroup === null ? 'is' : '=', hostgroup)
      .orderBy('id')
      .forUpdate()
      .execute({ signal });
    return rows.map(serverOverrideOf);
  });
}

/** One override; with `lock` the transaction holds it until its end. */
export function fetchServerOverride(
  db: Dcdb,
  id: string,
  options: { readonly lock?: boolean; readonly signal?: AbortSignal } = {},
): Promise<ServerOverrideRecord | undefined> {
  const { lock = false, signal } = options;
  return accessDcdb(async () => {
    const row = await overrides(db)
      .where('id', '=', id)
      .$if(lock, (query) => query.forUpdate())
      .executeTakeFirst({ signal });
    return row && serverOverrideOf(row);
  });
}

/** Columns of `SERVER_OVERRIDE_COLUMNS`; how far its return came is for whoever returns it. */
export type ServerOverrideRow = Omit<Selectable<ServerOverridesTable>, 'return_tried_at' | 'return_operation'>;

export function serverOverrideOf(row: ServerOverrideRow): ServerOverrideRecord {
  return {
    id: row.id,
    namespace: row.namespace,
    host: row.host,
    port: row.port,
    hostgroup: row.hostgroup,
    kind: kindOf(row.kind),
    weight: row.weight,
    reason: row.reason,
    expiresAtMs: row.expires_at?.getTime() ?? null,
    createdBy: row.created_by,
    revision: row.revision,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    returnedAt: row.returned_at,
    returnProblem: row.return_problem,
  };
}

function overrides(db: Dcdb) {
  return db.selectFrom('server_overrides').select(SERVER_OVERRIDE_COLUMNS);
}

function kindOf(value: string): ServerOverrideKind {
  const kind = SERVER_OVERRIDE_KINDS.find((known) => known === value);
  if (kind === undefined) {
    throw new ProxywatchError('RECORD_DAMAGED', 'dcdb holds an unexpected value in server_overrides.kind');
  }
  return kind;
}
