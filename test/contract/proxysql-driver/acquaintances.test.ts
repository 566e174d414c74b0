import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createProxysqlDriver } from '../../../layers/core/src/drivers/proxysql/driver.ts';
import { PROBES, VERSION } from '../../../layers/core/src/drivers/proxysql/statements.ts';
import { type Answer, type FakeAdmin, healthyAnswers, startFakeAdmin } from '../../support/fake-admin.ts';
import { proxyAt } from '../../support/proxysql-session.ts';

const CREDENTIAL = { user: 'stats', password: 'stats' };

let admin: FakeAdmin;
let asked: string[];
let answer: Answer;
beforeEach(async () => {
  asked = [];
  answer = healthyAnswers();
  admin = await startFakeAdmin({
    answer: (statement, exchange) => {
      asked.push(statement);
      return answer(statement, exchange);
    },
  });
});
afterEach(() => admin.close());

/** Connects, looks at the status, and answers what was asked for. */
async function visit(driver: ReturnType<typeof createProxysqlDriver>): Promise<readonly string[]> {
  asked = [];
  const session = await driver.connect(proxyAt(admin.port), CREDENTIAL, { timeoutMs: 5_000 });
  await session.fetchStatus().catch(() => undefined);
  await session.close();
  return asked;
}
const probes = (statements: readonly string[]) =>
  statements.filter((one) => Object.values<string>(PROBES).includes(one));

test('a proxy that is remembered is asked for its version only', async () => {
  const driver = createProxysqlDriver({ rememberMs: 60_000 });
  expect(probes(await visit(driver)).length).toBeGreaterThan(3);
  const second = await visit(driver);
  expect([second[0], probes(second)]).toEqual([VERSION, []]);
});

test('nothing is remembered unless it is wanted', async () => {
  const driver = createProxysqlDriver();
  await visit(driver);
  expect(probes(await visit(driver)).length).toBeGreaterThan(3);
});

test('a proxy with another version is asked anew', async () => {
  const driver = createProxysqlDriver({ rememberMs: 60_000 });
  await visit(driver);
  answer = healthyAnswers({ version: '3.0.2' });
  expect(probes(await visit(driver)).length).toBeGreaterThan(3);
});

test('a proxy that refuses what it used to take is asked anew', async () => {
  const driver = createProxysqlDriver({ rememberMs: 60_000 });
  await visit(driver);
  const healthy = answer;
  answer = (statement, exchange) =>
    statement === VERSION ? healthy(statement, exchange) : exchange.error('ProxySQL Admin Error: no such table');
  await visit(driver);
  answer = healthy;
  expect(probes(await visit(driver)).length).toBeGreaterThan(3);
});
