import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { effectiveVariables, secretContextOf } from '@proxywatch/core/domain/control/effective-variables';
import { fetchAccount, fetchAccounts } from '@proxywatch/core/drivers/dcdb/accounts/account-repository';
import {
  deleteAccount,
  insertAccount,
  type NewAccount,
  updateAccount,
  updatePassword,
} from '@proxywatch/core/drivers/dcdb/accounts/account-writes';
import { createDcdb, type Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { migrateDcdb } from '@proxywatch/core/drivers/dcdb/migrate-dcdb';
import { registerProxies } from '@proxywatch/core/drivers/dcdb/proxy-repository';
import {
  addSetting,
  deleteSetting,
  lockSetting,
  type SettingIdentity,
  updateSetting,
} from '@proxywatch/core/drivers/dcdb/variables/setting-writes';
import { fetchVariableSettings, openSettings } from '@proxywatch/core/drivers/dcdb/variables/variable-settings';
import type { SecretBox } from '@proxywatch/core/ports/secret-box';
import { type MariadbService, startMariadb } from '../../../infra/local/services/mariadb.ts';

let server: MariadbService;
let db: Dcdb;

beforeAll(async () => {
  server = await startMariadb();
  db = createDcdb(server.url);
  await migrateDcdb(db);
  const address = { adminHost: '127.0.0.1', adminTls: false, statsCredentialRef: 'stats' };
  await registerProxies(db, [
    { id: 'lab-1', kind: 'proxysql', namespace: 'shop', adminPort: 1, ...address },
    { id: 'lab-2', kind: 'proxysql', namespace: 'shop', adminPort: 2, ...address },
    { id: 'lab-3', kind: 'proxysql', namespace: 'reporting', adminPort: 3, ...address },
  ]);
});
beforeEach(async () => {
  await db.deleteFrom('accounts').execute();
  await db.deleteFrom('variable_settings').execute();
});
afterAll(async () => {
  await db?.destroy();
  await server?.stop();
});

const PAST = new Date(Date.now() - 60_000);
const FUTURE = new Date(Date.now() + 3_600_000);

function newAccount(username: string, changes: Partial<NewAccount> = {}): NewAccount {
  return {
    id: randomUUID(),
    namespace: 'shop',
    username,
    // The salt of a caching_sha2 hash has control characters, which a column of text might not keep.
    password: {
      plugin: 'caching_sha2_password',
      hash: `$A$005$\u0001\u007f\n'"\\\t${'s'.repeat(13)}${'d'.repeat(43)}`,
    },
    fingerprint: 'f'.repeat(64),
    defaultHostgroup: 10,
    defaultSchema: 'shop',
    schemaLocked: true,
    transactionPersistent: false,
    fastForward: true,
    maxConnections: 7,
    useSsl: true,
    access: 'ro',
    allowedIps: ['10.0.0.0/8', '::1'],
    active: true,
    owner: 'team shop',
    comment: 'of the web shop \u{1f6d2}',
    expiresAt: FUTURE,
    ...changes,
  };
}

const add = (account: NewAccount) => db.transaction().execute((tx) => insertAccount(tx, account));

describe('accounts in the DCDB', () => {
  test('come back as they were put in, by username', async () => {
    const [zoe, app] = [newAccount('zoe'), newAccount('app', { defaultSchema: null, expiresAt: null })];
    await add(zoe);
    await add(app);
    await add(newAccount('other', { namespace: 'reporting' }));
    const held = await fetchAccounts(db, 'shop');
    expect(held.map(({ spec }) => spec.username)).toEqual(['app', 'zoe']);
    const { id, namespace, username, fingerprint, owner, expiresAt, ...spec } = zoe;
    expect(held[1]).toEqual({
      ...{ id, namespace, fingerprint, owner, expiresAt },
      spec: { ...spec, username },
      enabled: true,
      expired: false,
      revision: 1,
      passwordChangedAt: expect.anything(),
      createdAt: expect.anything(),
      updatedAt: expect.anything(),
    });
  });

  test('that have expired are not active, though nobody disabled them', async () => {
    const account = newAccount('app', { expiresAt: PAST });
    await add(account);
    expect(await fetchAccount(db, account.id)).toMatchObject({ enabled: true, expired: true, spec: { active: false } });
  });

  test('have one of a name in each namespace, names differing in case being two', async () => {
    await add(newAccount('app'));
    await add(newAccount('APP'));
    await add(newAccount('app', { namespace: 'reporting' }));
    await expect(add(newAccount('app'))).rejects.toMatchObject({ code: 'CONFLICT', message: expect.any(String) });
  });

  test('change field by field and rise in revision', async () => {
    const account = newAccount('app');
    await add(account);
    await db.transaction().execute((tx) => updateAccount(tx, account.id, { maxConnections: 9, allowedIps: [] }));
    const changed = await fetchAccount(db, account.id);
    expect(changed).toMatchObject({ revision: 2, owner: 'team shop', expiresAt: FUTURE });
    expect(changed?.spec).toMatchObject({
      maxConnections: 9,
      allowedIps: [],
      defaultSchema: 'shop',
      schemaLocked: true,
    });
  });

  test('get another password with its time', async () => {
    const account = newAccount('app');
    await add(account);
    const before = await fetchAccount(db, account.id);
    const password = { plugin: 'mysql_native_password', hash: `*${'A'.repeat(40)}` } as const;
    await db.transaction().execute((tx) => updatePassword(tx, account.id, { password, fingerprint: null }));
    const after = await fetchAccount(db, account.id);
    expect(after).toMatchObject({ revision: 2, fingerprint: null, spec: { password } });
    expect(Number(after?.passwordChangedAt)).toBeGreaterThanOrEqual(Number(before?.passwordChangedAt));
  });

  test('are gone once deleted', async () => {
    const account = newAccount('app');
    await add(account);
    await db.transaction().execute((tx) => deleteAccount(tx, account.id));
    expect(await fetchAccount(db, account.id)).toBeUndefined();
  });
});

describe('settings of variables in the DCDB', () => {
  const name = 'mysql-max_connections';
  const fleet: SettingIdentity = { scope: 'fleet', scopeName: '', kind: 'proxysql', name };

  function put(identity: SettingIdentity, value: string, expiresAt: Date | null = null): Promise<void> {
    const setting = {
      ...identity,
      id: randomUUID(),
      value,
      isSecret: false,
      reason: 'tests',
      expiresAt,
      createdBy: 'me',
    };
    return db.transaction().execute(async (tx) => {
      const held = await addSetting(tx, setting);
      if (held !== undefined) await updateSetting(tx, held.id, setting);
    });
  }
  const scopesFor = async (interest: { namespace?: string; proxyId?: string }) =>
    (await fetchVariableSettings(db, { kind: 'proxysql', ...interest }))
      .map(({ scope, scopeName }) => `${scope}:${scopeName}`)
      .toSorted();

  test('are found for a namespace and for a proxy', async () => {
    await put(fleet, '1');
    await put({ ...fleet, scope: 'namespace', scopeName: 'shop' }, '2');
    await put({ ...fleet, scope: 'namespace', scopeName: 'reporting' }, '3');
    await put({ ...fleet, scope: 'proxy', scopeName: 'lab-1' }, '4');
    await put({ ...fleet, scope: 'proxy', scopeName: 'lab-3' }, '5');
    await put({ ...fleet, kind: 'another' }, '6');
    expect(await scopesFor({ namespace: 'shop' })).toEqual(['fleet:', 'namespace:shop', 'proxy:lab-1']);
    expect(await scopesFor({ proxyId: 'lab-1' })).toEqual(['fleet:', 'namespace:shop', 'proxy:lab-1']);
    expect(await scopesFor({ proxyId: 'lab-2' })).toEqual(['fleet:', 'namespace:shop']);
    expect(await scopesFor({ namespace: 'reporting', proxyId: 'lab-1' })).toEqual([
      'fleet:',
      'namespace:reporting',
      'proxy:lab-1',
    ]);
    expect(await scopesFor({})).toHaveLength(5);
  });

  test('that have expired do not hold: the wider scope does again', async () => {
    await put(fleet, 'wide');
    await put({ ...fleet, scope: 'proxy', scopeName: 'lab-1' }, 'narrow', FUTURE);
    const effective = async () => {
      const settings = await fetchVariableSettings(db, { kind: 'proxysql', proxyId: 'lab-1' });
      return effectiveVariables(settings, { namespace: 'shop', proxyId: 'lab-1' }).map(({ value }) => value);
    };
    expect(await effective()).toEqual(['narrow']);
    await put({ ...fleet, scope: 'proxy', scopeName: 'lab-1' }, 'narrow', PAST);
    expect(await effective()).toEqual(['wide']);
  });

  test('put again take the new value under the same id, one revision later', async () => {
    await put(fleet, '1');
    const before = await db.transaction().execute((tx) => lockSetting(tx, fleet));
    await put(fleet, '2', FUTURE);
    const after = await db.transaction().execute((tx) => lockSetting(tx, { id: before!.id }));
    expect(after).toMatchObject({ id: before!.id, value: '2', revision: 2, expiresAt: FUTURE });
    await db.transaction().execute((tx) => deleteSetting(tx, before!.id));
    expect(await scopesFor({})).toEqual([]);
  });

  test('are opened where they are sealed', async () => {
    const box: Pick<SecretBox, 'open'> = { open: async (sealed, context) => `${context} of ${sealed}` };
    const open = { id: 'a', ...fleet, value: '100', isSecret: false };
    const sealed = { ...open, name: 'mysql-monitor_password', value: 'sealed', isSecret: true };
    expect(await openSettings(box as SecretBox, [open, sealed])).toEqual([
      { name, value: '100' },
      { name: sealed.name, value: `${secretContextOf(sealed)} of sealed` },
    ]);
  });
});
