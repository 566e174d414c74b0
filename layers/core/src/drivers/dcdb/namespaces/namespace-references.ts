import { sql } from 'kysely';
import type { Dcdb } from '../create-dcdb.ts';
import { accessDcdb } from '../dcdb-error.ts';

/** What belongs to a namespace, by what people call it; only what there is of. */
export type NamespaceReferences = Readonly<Record<string, number>>;

const COUNTS = {
  proxies: (name: string) => sql`select count(*) from proxies where namespace = ${name}`,
  accounts: (name: string) => sql`select count(*) from accounts where namespace = ${name}`,
  'server overrides': (name: string) => sql`select count(*) from server_overrides where namespace = ${name}`,
  'alert rules': (name: string) => sql`select count(*) from alert_rules where namespace = ${name}`,
  'variable settings': (name: string) =>
    sql`select count(*) from variable_settings where scope = 'namespace' and scope_name = ${name}`,
  'monitoring settings': (name: string) =>
    sql`select count(*) from monitoring_settings where scope = 'namespace' and scope_name = ${name}`,
  'operations under way': (name: string) =>
    sql`select count(*) from operations where namespace = ${name} and ended_at is null`,
} satisfies Readonly<Record<string, (name: string) => ReturnType<typeof sql>>>;

export function fetchReferences(db: Dcdb, name: string, signal?: AbortSignal): Promise<NamespaceReferences> {
  return accessDcdb(async () => {
    const counts = Object.entries(COUNTS).map(([what, count]) => sql`(${count(name)}) as ${sql.id(what)}`);
    const { rows } = await sql<Record<string, number>>`select ${sql.join(counts)}`.execute(db, { signal });
    return Object.fromEntries(
      Object.entries(rows[0] ?? {})
        .map(([what, count]) => [what, Number(count)] as const)
        .filter(([, count]) => count > 0),
    );
  });
}
