import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { MariadbService } from '../../../infra/local/services/mariadb.ts';
import type { RowWrite } from '../../../layers/core/src/domain/control/config-rows.ts';
import type {
  AccountSpec,
  DesiredState,
  NamespaceSpec,
} from '../../../layers/core/src/domain/control/desired-state.ts';
import { createProxysqlControl } from '../../../layers/core/src/drivers/proxysql/control/create-control.ts';
import { hashPassword } from '../../../layers/core/src/drivers/proxysql/control/password-hash.ts';
import type { ControlSession } from '../../../layers/core/src/ports/proxy-control.ts';
import { closeLabs, failureOf, type Lab, READER, startBackend, startLab, WRITER } from '../../support/lab-traffic.ts';
import { proxyAt } from '../../support/proxysql-session.ts';

const control = createProxysqlControl();

let backend: MariadbService;
beforeAll(async () => {
  backend = await startBackend();
});
afterEach(closeLabs);
afterAll(() => backend?.stop());

const account = (fields: Partial<AccountSpec>): AccountSpec => ({
  username: 'app_rw',
  password: hashPassword('mysql_native_password', 'rw-secret'),
  defaultHostgroup: WRITER,
  defaultSchema: 'shop',
  schemaLocked: false,
  transactionPersistent: true,
  fastForward: false,
  maxConnections: 10,
  useSsl: false,
  access: 'rw',
  allowedIps: [],
  active: true,
  comment: '',
  ...fields,
});
const NAMESPACE: NamespaceSpec = {
  name: 'shop',
  online: true,
  readOnly: false,
  allowedSchemas: [],
  allowedIps: [],
  slices: [{ name: 'main', writerHostgroup: WRITER, readerHostgroup: READER, cluster: 'orders' }],
  defaultSlice: 'main',
  readWriteSplit: false,
  deniedSql: [],
  slowSqlMs: null,
  maxExecutionMs: null,
  maxResultRows: null,
  maxClientConnections: null,
  qpsLimit: null,
};

/** A lab proxy with nothing but servers, and what is wanted of it loaded. */
async function labWith(
  namespace: Partial<NamespaceSpec>,
  accounts: readonly AccountSpec[] = [account({})],
): Promise<{ lab: Lab; session: ControlSession }> {
  const server = { hostname: '127.0.0.1', port: backend.port };
  const servers = [WRITER, READER].map((hostgroup) => ({ hostgroup_id: hostgroup, ...server }));
  const lab = await startLab(backend.port, { backends: { servers } });
  const session = await control.connect(
    proxyAt(lab.adminPort),
    { user: 'admin', password: 'admin' },
    { timeoutMs: 10_000 },
  );
  const desired: DesiredState = { namespace: { ...NAMESPACE, ...namespace }, accounts, servers: [], variables: [] };
  const { tables } = control.render(desired);
  const writes = (['users', 'rules', 'variables'] as const).flatMap((table) =>
    (tables[table] ?? []).map((row): RowWrite => ({ kind: 'put', table, row })),
  );
  await session.write(writes);
  for (const module of ['variables', 'users', 'rules'] as const) await session.load(module);
  return { lab, session };
}

const hostgroupOf = async (lab: Lab, digestText: string): Promise<number> => {
  const rows = await lab.admin(`SELECT hostgroup FROM stats_mysql_query_digest WHERE digest_text='${digestText}'`);
  return Number(rows[0]?.hostgroup);
};
const count = async (client: Connection): Promise<unknown> => {
  const [rows] = await client.query<RowDataPacket[]>('SELECT COUNT(*) AS n FROM stock');
  return rows[0]?.n;
};

describe('through a proxy that was made what is wanted', () => {
  test('an account logs in with the password of its hash, and its reads go to the readers', async () => {
    const { lab, session } = await labWith({ readWriteSplit: true, maxClientConnections: 50 });
    const client = await lab.client();
    expect(await count(client)).toBe(3);
    await client.query("UPDATE stock SET n=n WHERE sku='a'");
    expect(await hostgroupOf(lab, 'SELECT COUNT(*) AS n FROM stock')).toBe(READER);
    expect(await hostgroupOf(lab, 'UPDATE stock SET n=n WHERE sku=?')).toBe(WRITER);
    expect(await session.killSessions('app_rw')).toBe(1);
    await expect(count(client)).rejects.toThrow();
    await session.close();
  });

  test('an account that may only read is refused its writes', async () => {
    const { lab, session } = await labWith({}, [account({ access: 'ro' })]);
    const client = await lab.client();
    expect(await count(client)).toBe(3);
    for (const sql of ['DELETE FROM stock', 'SELECT 1 INTO OUTFILE "/tmp/x"', 'CALL p()']) {
      const { message } = await failureOf(client.query(sql));
      expect([sql, message]).toEqual([sql, 'this account may only read']);
    }
    await session.close();
  });

  test('clients are let through by their address and their schema', async () => {
    const { lab, session } = await labWith({ allowedIps: ['127.0.0.0/8'], allowedSchemas: ['shop'] }, [
      account({ allowedIps: ['127.0.0.1'] }),
    ]);
    const client = await lab.client();
    expect(await count(client)).toBe(3);
    await client.query('USE crm');
    expect(await failureOf(client.query('SELECT 1 FROM orders'))).toMatchObject({
      message: 'this schema is not allowed',
    });
    await client.query('USE shop');
    expect(await count(client)).toBe(3);
    await session.close();
  });

  test('clients from elsewhere are refused each statement', async () => {
    const { lab, session } = await labWith({}, [account({ allowedIps: ['10.0.0.0/8'] })]);
    const client = await lab.client();
    expect(await failureOf(count(client))).toMatchObject({ message: 'this account is not allowed from this address' });
    await session.close();
  });

  test('nobody gets anything from a namespace that is offline', async () => {
    const { lab, session } = await labWith({ online: false });
    const client = await lab.client();
    expect(await failureOf(count(client))).toMatchObject({ message: 'namespace shop is offline' });
    await session.close();
  });

  test('a statement that runs too long is ended', async () => {
    const { lab, session } = await labWith({ maxExecutionMs: 300 });
    const client = await lab.client();
    expect(await failureOf(client.query('SELECT SLEEP(30) FROM stock'))).toMatchObject({ errno: 1907 });
    await session.close();
  });
});
