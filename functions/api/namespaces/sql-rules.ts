import type { ConfigRow, FieldValue } from '@proxywatch/core/domain/control/config-rows';
import type { NamespaceSpec } from '@proxywatch/core/domain/control/desired-state';
import type { RoutingAccount } from '@proxywatch/core/domain/control/test-sql/route-statement';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { fetchAccounts } from '@proxywatch/core/drivers/dcdb/accounts/account-repository';
import { fetchProxyRecord } from '@proxywatch/core/drivers/dcdb/proxies/proxy-records';
import type { FieldNote } from '@proxywatch/core/ports/proxy-control';
import { withAdminSession } from '#api/admin-session';
import type { ApiDeps } from '#api/api-deps';

const TIMEOUT_MS = 8_000;

/** By what a statement of an account is routed. */
export interface SqlRules {
  readonly rows: readonly ConfigRow[];
  readonly account: RoutingAccount & { readonly defaultSchema: string };
  readonly notes: readonly string[];
}

/** Those that the namespace would have after the next plan. Throws UNPROCESSABLE for an account or kind that there is not. */
export async function desiredRules(
  { db, controls }: Pick<ApiDeps, 'db' | 'controls'>,
  namespace: NamespaceSpec,
  { username, kind }: { readonly username: string; readonly kind: string },
  signal: AbortSignal,
): Promise<SqlRules> {
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
    notes: [
      ...(account.active ? [] : [`account ${username} is not active: nobody can log in with it`]),
      ...notes.filter((note) => isAbout(note, namespace.name, username)).map(tellNote),
    ],
  };
}

/** Those that run on a proxy of the namespace now. */
export async function runningRules(
  deps: Pick<ApiDeps, 'db' | 'controls' | 'credentials'>,
  namespace: string,
  proxyId: string,
  username: string,
  signal: AbortSignal,
): Promise<SqlRules> {
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
