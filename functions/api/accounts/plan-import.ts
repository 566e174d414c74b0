import type { ConfigRow } from '@proxywatch/core/domain/control/config-rows';
import type { AccountSpec, PasswordPlugin } from '@proxywatch/core/domain/control/desired-state';
import { changedFields } from '@proxywatch/core/domain/control/row-diff';
import { byKey } from '@proxywatch/core/domain/control/row-rules';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { fetchAccounts } from '@proxywatch/core/drivers/dcdb/accounts/account-repository';
import type { NewAccount } from '@proxywatch/core/drivers/dcdb/accounts/account-writes';
import { fetchNamespaceSpec } from '@proxywatch/core/drivers/dcdb/namespaces/namespace-specs';
import type { ApiDeps } from '#api/api-deps';
import { DEFAULT_PLUGIN, readPassword } from './password-input.ts';
import { type ProxyUser, proxyUserOf } from './proxy-users.ts';

/** Each takes a row, an audit record and, of clear text, a hash. */
const MAX_ADDED = 500;

export interface ImportPlan {
  readonly added: readonly Omit<NewAccount, 'id'>[];
  readonly skipped: readonly { readonly username: string; readonly reason: string }[];
  /** What proxies are to have for the accounts that are added or were there already. */
  readonly rendered: readonly ConfigRow[];
}

/** What importing these users of a proxy comes to. */
export async function planImport(
  deps: Pick<ApiDeps, 'db' | 'controls' | 'secrets'>,
  namespace: string,
  kind: string,
  rows: readonly ConfigRow[],
  wanted: { readonly usernames?: readonly string[] | undefined; readonly plugin?: PasswordPlugin | undefined },
  signal: AbortSignal,
): Promise<ImportPlan> {
  const control = deps.controls.get(kind);
  const specified = await fetchNamespaceSpec(deps.db, namespace, signal);
  if (control === undefined || specified === undefined) {
    throw new ProxywatchError('CONFLICT', `the namespace ${namespace} is gone, or the kind ${kind} is not known`);
  }
  const render = (accounts: readonly AccountSpec[]) =>
    control.render({ namespace: specified.spec, accounts, servers: [], variables: [] }).tables.users ?? [];
  const users = rows.map((row) => ({ row, user: proxyUserOf(row, wanted.plugin ?? DEFAULT_PLUGIN) }));
  const chosen = users
    .filter(({ user }) => wanted.usernames?.includes(user.username) ?? true)
    .toSorted((a, b) => (a.user.username < b.user.username ? -1 : 1));
  const there = new Set(users.map(({ user }) => user.username));
  const missing = [...new Set(wanted.usernames ?? [])].filter((name) => !there.has(name));
  const skipped = missing.map((username) => ({ username, reason: 'no such user runs on the proxy' }));

  const held = new Map(
    (await fetchAccounts(deps.db, namespace, signal)).map((account) => [account.spec.username, account]),
  );
  const added: Omit<NewAccount, 'id'>[] = [];
  const specs: AccountSpec[] = [];
  for (const { row, user } of chosen) {
    const account = held.get(user.username);
    const reason = account === undefined ? unfitReason(user, added.length) : heldReason(render([account.spec]), row);
    if (reason !== undefined) skipped.push({ username: user.username, reason });
    if (account !== undefined) specs.push(account.spec);
    if (reason !== undefined || user.kind === 'unfit') continue;
    const { username, fields, password } = user;
    const stored = await readPassword(deps.secrets, password, signal);
    signal.throwIfAborted();
    added.push({ namespace, username, ...fields, ...stored });
    const { owner: _, expiresAt: __, ...spec } = fields;
    specs.push({ username, password: stored.password, ...spec });
  }
  return { added, skipped, rendered: render(specs) };

  function heldReason(rendered: readonly ConfigRow[], row: ConfigRow): string {
    const own = byKey(rendered).get(row.key);
    const differing = own === undefined ? [] : changedFields(control as NonNullable<typeof control>, 'users', own, row);
    if (differing.length === 0) return 'there is an account of that name already';
    return `there is an account of that name already, which differs in ${differing.map(({ field }) => field).join(', ')}`;
  }
}

function unfitReason(user: ProxyUser, addedBefore: number): string | undefined {
  if (user.kind === 'unfit') return user.reason;
  return addedBefore < MAX_ADDED ? undefined : `only ${MAX_ADDED} are imported at once: import again`;
}
