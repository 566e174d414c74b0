import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Clients, openClients } from './clients.ts';
import { allows, leaveOf } from './leave.ts';
import { LAB_STAGE } from './stage-file.ts';

interface Call {
  readonly caller: string;
  readonly action: string;
  readonly resource: string | null;
}

let clients: Clients;
/** Each kind of call that a deployed function has made in all the tests before these. */
let calls: readonly Call[];
beforeAll(() => {
  clients = openClients();
  const lines = readFileSync(join(clients.deployed.folder, 'calls.jsonl'), 'utf8').trim().split('\n');
  calls = lines.map((line) => JSON.parse(line)).filter(({ caller }) => caller.startsWith(`proxywatch-${LAB_STAGE}-`));
});
afterAll(() => clients?.close());

describe('what the functions have asked AWS for', () => {
  test('is what they are there for', () => {
    const kinds = new Set(
      calls.map(({ caller, action }) => `${caller.slice(`proxywatch-${LAB_STAGE}-`.length)} ${action}`),
    );
    expect([...kinds]).toEqual(
      expect.arrayContaining([
        'deploy secretsmanager:GetSecretValue',
        'scanner-dispatch lambda:InvokeFunction',
        'scanner-collect secretsmanager:GetSecretValue',
        'api-namespaces lambda:InvokeFunction',
        'control-operate lambda:InvokeFunction',
        'control-operate kms:GenerateMac',
      ]),
    );
  });

  test('is what their roles allow, each for that resource', async () => {
    const beyond: Call[] = [];
    for (const [caller, made] of Map.groupBy(calls, (call) => call.caller)) {
      const { Role } = await clients.aws.call('lambda', 'get_function_configuration', { FunctionName: caller });
      const statements = await leaveOf(clients.aws, Role);
      beyond.push(...made.filter(({ action, resource }) => !allows(statements, action, resource)));
    }
    expect(beyond).toEqual([]);
  });
});
