import { EVERY_NAMESPACE } from '../../../domain/access/role.ts';
import type { PasswordFacts } from '../../../domain/control/password-report.ts';
import type { Dcdb } from '../create-dcdb.ts';
import { accessDcdb } from '../dcdb-error.ts';

/** What can be said of passwords without them, by username; up to `limit` accounts of these namespaces. */
export function fetchPasswordFacts(
  db: Dcdb,
  namespaces: readonly string[] | typeof EVERY_NAMESPACE,
  limit: number,
  signal?: AbortSignal,
): Promise<readonly PasswordFacts[]> {
  return accessDcdb(async () => {
    if (namespaces.length === 0) return [];
    const rows = await db
      .selectFrom('accounts')
      .select(['id', 'namespace', 'username', 'plugin', 'password_hash', 'password_fingerprint', 'password_changed_at'])
      .$if(namespaces !== EVERY_NAMESPACE, (query) => query.where('namespace', 'in', [...namespaces]))
      .orderBy('username')
      .orderBy('namespace')
      .limit(limit)
      .execute({ signal });
    return rows.map((row) => ({
      account: { id: row.id, namespace: row.namespace, username: row.username },
      changedAtMs: row.password_changed_at.getTime(),
      // The native hash has no salt: equal passwords have equal ones.
      marks: [
        ...(row.password_fingerprint === null ? [] : [`fingerprint ${row.password_fingerprint}`]),
        ...(row.plugin === 'mysql_native_password' ? [`hash ${row.password_hash.toString()}`] : []),
      ],
    }));
  });
}
