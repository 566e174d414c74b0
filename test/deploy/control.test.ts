import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import mysql, { type RowDataPacket } from 'mysql2/promise';
import { until } from '../support/until.ts';
import { type Clients, openClients } from './clients.ts';
import { type DeployedFleet, openFleet } from './fleet.ts';
import { ADMIN } from './stage-file.ts';

const VARIABLE = 'mysql-max_connections';

let clients: Clients;
let fleet: DeployedFleet;
beforeAll(async () => {
  clients = openClients();
  fleet = await openFleet(clients);
  await fleet.register();
});
afterAll(() => clients?.close());

describe('a plan that is applied through the deployed API', () => {
  test('changes the proxy, by invocations that follow each other', async () => {
    const lab = clients.deployed.world.labs.find(({ namespace }) => namespace === 'reporting');
    if (lab === undefined) throw new Error('no lab proxy stands alone');
    await accepted('POST', '/v1/variables/settings', {
      scope: 'namespace',
      scopeName: lab.namespace,
      name: VARIABLE,
      value: 4_321,
      reason: 'a test of the deployment',
    });
    const plan = await accepted('POST', `/v1/namespaces/${lab.namespace}/actions/plan`, { modules: ['variables'] });
    const strategy = { canary: { groups: 1, pauseMs: 200 }, health: { windowMs: 200 } };
    const operation = await accepted('POST', `/v1/plans/${plan.id}/actions/apply`, strategy);
    let state = '';
    await until(
      'the operation ends',
      async () => {
        const { body } = await fleet.api.call('GET', `/v1/operations/${operation.id}`, { as: ADMIN });
        ({ state } = body);
        return !['pending', 'running'].includes(state);
      },
      90_000,
    );
    expect(state).toBe('succeeded');
    expect(await valueOn(lab.adminPort)).toBe('4321');
  });
});

async function accepted(method: string, path: string, body: unknown) {
  const answer = await fleet.api.call(method, path, { as: ADMIN, body });
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
  return answer.body;
}

async function valueOn(port: number): Promise<unknown> {
  const connection = await mysql.createConnection({ host: '127.0.0.1', port, user: 'admin', password: 'admin' });
  try {
    const [rows] = await connection.query<RowDataPacket[]>(
      `SELECT variable_value FROM runtime_global_variables WHERE variable_name='${VARIABLE}'`,
    );
    return rows[0]?.variable_value;
  } finally {
    await connection.end();
  }
}
