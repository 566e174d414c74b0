import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { apiRoutes } from '../../functions/api/routes.ts';
import type { AnyRoute } from '../../functions/api/shared/route.ts';
import type { TestAnswer } from '../support/api-harness.ts';
import { type Clients, openClients, outputOf } from './clients.ts';
import { createRestClient, type RestCall, type RestClient } from './rest-client.ts';
import { ADMIN, LAB_STAGE } from './stage-file.ts';
import { ACCOUNT, REGION } from './start-emulator.ts';

let clients: Clients;
let api: RestClient;
let apiId: string;
beforeAll(async () => {
  clients = openClients();
  apiId = new URL(outputOf(clients.deployed.lab.outputs, 'ApiUrl')).hostname.split('.', 1)[0] ?? '';
  api = await createRestClient(clients.aws, clients.lambda, apiId);
});
afterAll(() => clients?.close());

/** A path of an operation with something for each parameter that no resource is called. */
const pathOf = (template: string) => template.replace(/\{\w+\}/g, 'nothing');

const operations = apiRoutes.map((route) => ({
  ...route,
  title: `${route.operationId}: ${route.method} ${route.path}`,
}));

describe('the deployed API', () => {
  test.each(operations)('has the function of its module behind $title', ({ method, path, module, role }) => {
    const found = api.resolve(method, pathOf(path));
    expect(found).toMatchObject({
      resource: path,
      integrationType: 'AWS_PROXY',
      functionArn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:proxywatch-${LAB_STAGE}-api-${module}`,
      authorizationType: role === 'public' ? 'NONE' : 'AWS_IAM',
    });
  });

  test('lets system answer for paths that nobody has', () => {
    expect(api.resolve('GET', '/nobody/has/this')?.functionArn).toMatch(/-api-system$/);
    expect(api.resolve('GET', '/')?.functionArn).toMatch(/-api-system$/);
  });

  test('may invoke each of its functions, and nobody else may', async () => {
    const arns = new Set(operations.map(({ method, path }) => api.resolve(method, pathOf(path))?.functionArn ?? ''));
    for (const arn of arns) {
      const { Policy } = await clients.aws.call('lambda', 'get_policy', { FunctionName: arn });
      const statements: { Principal: { Service: string }; Action: string; Condition?: object }[] =
        JSON.parse(Policy).Statement;
      expect(statements.map(({ Principal }) => Principal.Service)).toEqual(['apigateway.amazonaws.com']);
      expect(JSON.stringify(statements)).toContain(apiId);
    }
  });

  test('is throttled and logs what it answers, without what was sent', async () => {
    const { item } = await clients.aws.call('apigateway', 'get_stages', { restApiId: apiId });
    expect(item).toHaveLength(1);
    const [stage] = item;
    expect(stage.methodSettings['*/*']).toMatchObject({ throttlingRateLimit: 50, throttlingBurstLimit: 100 });
    expect(stage.methodSettings['*/*'].dataTraceEnabled).toBe(false);
    expect(stage.accessLogSettings.destinationArn).toMatch(/:log-group:/);
    expect(stage.accessLogSettings.format).not.toMatch(/\$context\.(path|requestOverride|authorizer)|\$input/);
  });
});

describe('the functions behind it', () => {
  const answers = new Map<string, TestAnswer>();

  test.each(operations.filter(({ role }) => role !== 'public'))(
    'refuse $title when nobody has signed it',
    async ({ method, path }) => {
      const answer = await api.call(method, pathOf(path));
      expect([401, 403]).toContain(answer.status);
      expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    },
  );

  test.each(operations)('answer $title of the admin, and none of it breaks', async (route) => {
    const { method, path, title } = route;
    const answer = await api.call(method, pathOf(path), requestOf(route));
    answers.set(title, answer);
    if (answer.status >= 500) throw new Error(`${answer.status}: ${answer.text}`);
  });

  test('know the admin, and answer whatever needs no parameters', () => {
    const statuses = [...answers].map(([title, { status }]) => `${status} ${title}`);
    expect(statuses.filter((text) => text.startsWith('401') || text.startsWith('403'))).toEqual([]);
    const plain = operations.filter(
      ({ method, path, query }) =>
        method === 'GET' && !path.includes('{') && (query === undefined || query.safeParse({}).success),
    );
    expect(plain.length).toBeGreaterThan(15);
    for (const { title } of plain) expect([title, answers.get(title)?.status]).toEqual([title, 200]);
  });
});

/** The example of the operation, which fits its schema; and a revision that nothing has. */
function requestOf({ body, example, needsIfMatch }: AnyRoute): RestCall {
  return {
    as: ADMIN,
    ...(body !== undefined && { body: example ?? {} }),
    ...(needsIfMatch === true && { headers: { 'if-match': '"0"' } }),
  };
}
