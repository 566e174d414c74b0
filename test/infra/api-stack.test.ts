import { describe, expect, test } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { apiRoutes } from '../../functions/api/routes.ts';
import { PROBLEM_SCHEMA } from '../../functions/api/system/openapi/common-parts.ts';
import { PRIVATE_WITH_JWT, REGIONAL, type SynthesizedApi, synthesizeApi } from './support/api-stacks.ts';
import { nameOf } from './support/template-readers.ts';

interface Operation {
  readonly security: readonly object[];
  readonly parameters: readonly { readonly name: string }[];
  readonly 'x-amazon-apigateway-integration': Readonly<Record<string, unknown>>;
}

interface Spec {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly 'x-amazon-apigateway-gateway-responses': Readonly<
    Record<string, { readonly statusCode: number; readonly responseTemplates: Readonly<Record<string, string>> }>
  >;
}

const ANY = 'x-amazon-apigateway-any-method';
const regional = synthesizeApi(REGIONAL);
const closed = synthesizeApi(PRIVATE_WITH_JWT);

function restApiOf({ template }: SynthesizedApi) {
  const [properties] = Object.values(template.findResources('AWS::ApiGateway::RestApi')).map((one) => one.Properties);
  return properties as { readonly Body: Spec; readonly Policy: { readonly Statement: readonly object[] } };
}

const specOf = (api: SynthesizedApi): Spec => restApiOf(api).Body;
/** `api-accounts` */
const functionOf = (operation: Operation | undefined) =>
  /functions\/Functionsapi([a-z]+?)[0-9A-F]{8}\/invocations$/.exec(
    nameOf(operation?.['x-amazon-apigateway-integration'].uri),
  )?.[1];
const statementsOf = (api: SynthesizedApi) =>
  restApiOf(api).Policy.Statement as readonly {
    readonly Effect: string;
    readonly Principal: { readonly AWS: unknown };
    readonly Resource: string | readonly string[];
    readonly Condition?: object;
  }[];

describe('the routes of the REST API', () => {
  test('are those of the table, each to the function of its module', () => {
    const { paths } = specOf(regional);
    const asMade = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations)
        .filter(([method]) => method !== ANY)
        .map(([method, operation]) => `${method.toUpperCase()} ${path} → ${functionOf(operation)}`),
    );
    expect(asMade.toSorted()).toEqual(
      apiRoutes.map(({ method, path, module }) => `${method} ${path} → ${module}`).toSorted(),
    );
  });

  test('take methods that no route has to the module of the path, and other paths to system', () => {
    const { paths } = specOf(regional);
    for (const { path, module } of apiRoutes) expect([path, functionOf(paths[path]?.[ANY])]).toEqual([path, module]);
    for (const path of ['/', '/{proxy+}']) expect([path, functionOf(paths[path]?.[ANY])]).toEqual([path, 'system']);
  });

  test('name each parameter of their path, which is a whole segment', () => {
    for (const [path, operations] of Object.entries(specOf(regional).paths)) {
      const names = path.split('/').filter((segment) => segment.startsWith('{'));
      for (const { parameters } of Object.values(operations)) {
        expect([path, parameters.map(({ name }) => name)]).toEqual([
          path,
          names.map((segment) => segment.replace(/^\{(\w+)\+?\}$/, '$1')),
        ]);
      }
    }
  });

  test('hand whole requests to functions, and wait for 29 seconds', () => {
    const operations = Object.values(specOf(regional).paths).flatMap((methods) => Object.values(methods));
    for (const operation of operations) {
      expect(operation['x-amazon-apigateway-integration']).toMatchObject({
        type: 'aws_proxy',
        httpMethod: 'POST',
        timeoutInMillis: 29_000,
      });
    }
  });

  test('are signed with IAM, but for those that are open to everybody', () => {
    for (const [path, methods] of Object.entries(specOf(regional).paths)) {
      for (const [method, { security }] of Object.entries(methods)) {
        const isOpen = apiRoutes.some(
          (route) => route.path === path && route.method.toLowerCase() === method && route.role === 'public',
        );
        expect([method, path, security]).toEqual([method, path, isOpen ? [] : [{ sigv4: [] }]]);
      }
    }
  });

  test('are let through with JWT, which functions verify', () => {
    const operations = Object.values(specOf(closed).paths).flatMap((methods) => Object.values(methods));
    expect(operations.filter(({ security }) => security.length > 0)).toEqual([]);
  });

  test('may invoke each function, through this API and its one stage', () => {
    const permissions = Object.values(regional.template.findResources('AWS::Lambda::Permission'));
    expect(permissions.map(({ Properties }) => nameOf(Properties.FunctionName).slice(0, -8)).toSorted()).toEqual(
      ['accounts', 'databases', 'monitoring', 'namespaces', 'proxies', 'system', 'variables'].map(
        (name) => `Functionsapi${name}`,
      ),
    );
    for (const { Properties } of permissions) {
      expect(Properties.Principal).toBe('apigateway.amazonaws.com');
      expect(nameOf(Properties.SourceArn)).toMatch(/:execute-api:.*:<RestApi\w+>\/live\/\*\/\*$/);
    }
  });
});

describe('what the REST API answers by itself', () => {
  const responses = Object.entries(specOf(regional)['x-amazon-apigateway-gateway-responses']);

  test.each(responses)('is a problem: %s', (_, { statusCode, responseTemplates }) => {
    const text = responseTemplates['application/json'] ?? '';
    const problem = JSON.parse(text.replace('$context.error.messageString', '"Forbidden"'));
    expect(Object.keys(problem)).toEqual(PROBLEM_SCHEMA.required);
    expect(problem).toMatchObject({ status: statusCode, requestId: '$context.requestId' });
    expect(problem.type).toBe(`urn:proxywatch:problem:${problem.code.toLowerCase().replaceAll('_', '-')}`);
  });
});

describe('callers of the REST API', () => {
  test('come from the ranges that the stage allows, whatever else allows them', () => {
    expect(statementsOf(regional)[0]).toMatchObject({
      Effect: 'Deny',
      Principal: { AWS: '*' },
      Condition: { NotIpAddress: { 'aws:SourceIp': ['192.0.2.0/24', '198.51.100.0/24'] } },
    });
  });

  test('are of this account with IAM, but for what is open', () => {
    const [, open, signed] = statementsOf(regional);
    expect(open).toMatchObject({ Effect: 'Allow', Principal: { AWS: '*' } });
    expect(open?.Resource).toEqual([
      'execute-api:/*/GET/docs',
      'execute-api:/*/GET/healthz',
      'execute-api:/*/GET/openapi.json',
    ]);
    expect(nameOf(signed?.Principal.AWS)).toBe('arn:<AWS::Partition>:iam::<AWS::AccountId>:root');
    expect(statementsOf(regional)).toHaveLength(3);
  });

  test('come through the endpoint in the VPC when the API is private', () => {
    expect(statementsOf(closed)).toMatchObject([
      { Effect: 'Deny', Condition: { StringNotEquals: { 'aws:SourceVpce': expect.anything() } } },
      { Effect: 'Allow', Principal: { AWS: '*' }, Resource: 'execute-api:/*' },
    ]);
    closed.template.hasResourceProperties('AWS::ApiGateway::RestApi', {
      EndpointConfiguration: { Types: ['PRIVATE'], VpcEndpointIds: [Match.anyValue()] },
      EndpointAccessMode: 'BASIC',
    });
  });

  test('speak TLS 1.2 or 1.3', () => {
    for (const { template } of [regional, closed]) {
      template.hasResourceProperties('AWS::ApiGateway::RestApi', {
        SecurityPolicy: Match.stringLikeRegexp('^SecurityPolicy_TLS13_1_2_'),
      });
    }
  });

  test('are slowed down to what the stage allows', () => {
    regional.template.hasResourceProperties('AWS::ApiGateway::Stage', {
      StageName: 'live',
      MethodSettings: Match.arrayWith([
        Match.objectLike({ HttpMethod: '*', ResourcePath: '/*', ThrottlingRateLimit: 7, ThrottlingBurstLimit: 11 }),
      ]),
    });
  });
});

describe('logs of the REST API', () => {
  test('tell of requests which route it was and how it went, and nothing that they carried', () => {
    const [stage] = Object.values(regional.template.findResources('AWS::ApiGateway::Stage'));
    const format = JSON.parse(stage?.Properties.AccessLogSetting.Format);
    expect(format).toMatchObject({ route: '$context.resourcePath', status: '$context.status' });
    expect(Object.values(format).join(' ')).not.toMatch(
      /context\.(path\b|authorizer|requestOverride)|quer|header|body/i,
    );
    expect(stage?.Properties.MethodSettings).toEqual([
      expect.objectContaining({ DataTraceEnabled: false, LoggingLevel: 'ERROR' }),
    ]);
  });

  test('are kept as long as the stage says, those that API Gateway makes by itself as well', () => {
    const groups = Object.values(regional.template.findResources('AWS::Logs::LogGroup'));
    expect(groups.map(({ Properties }) => nameOf(Properties.LogGroupName))).toEqual(
      expect.arrayContaining([
        '/aws/apigateway/proxywatch-dev/access',
        expect.stringMatching(/^API-Gateway-Execution-Logs_<RestApi\w+>\/live$/),
        'aws-waf-logs-proxywatch-dev-api',
      ]),
    );
    expect(new Set(groups.map(({ Properties }) => Properties.RetentionInDays))).toEqual(new Set([7]));
  });

  test('need one role of the account, which is made unless it has one', () => {
    regional.template.resourceCountIs('AWS::ApiGateway::Account', 1);
    closed.template.resourceCountIs('AWS::ApiGateway::Account', 0);
  });
});

describe('the first admin', () => {
  test('is a role of its own, that whoever may in the account takes, for this API alone', () => {
    regional.template.hasResourceProperties('AWS::IAM::Role', {
      RoleName: 'proxywatch-dev-admin',
      AssumeRolePolicyDocument: Match.objectLike({
        Statement: [Match.objectLike({ Principal: { AWS: Match.anyValue() }, Action: 'sts:AssumeRole' })],
      }),
    });
    const [policy] = Object.values(regional.template.findResources('AWS::IAM::Policy')).filter(({ Properties }) =>
      /"Admin/.test(JSON.stringify(Properties.Roles)),
    );
    const [{ Action, Resource }, ...others] = policy?.Properties.PolicyDocument.Statement ?? [];
    expect([Action, nameOf(Resource), others]).toEqual([
      'execute-api:Invoke',
      expect.stringMatching(/^arn:<AWS::Partition>:execute-api:.*:<RestApi\w+>\/live\/\*\/\*$/),
      [],
    ]);
    regional.template.hasOutput('AdminRoleArn', {});
  });

  test('is who the stage names otherwise', () => {
    expect(
      closed.template.findResources('AWS::IAM::Role', { Properties: { RoleName: 'proxywatch-dev-admin' } }),
    ).toEqual({});
    expect(closed.template.findOutputs('AdminRoleArn')).toEqual({});
  });
});

test('tells where it is, without a slash at the end', () => {
  expect(nameOf(regional.template.findOutputs('ApiUrl').ApiUrl?.Value)).toMatch(
    /^https:\/\/<RestApi\w+>\.execute-api\.<AWS::Region>\.<AWS::URLSuffix>\/live$/,
  );
  expect(regional.stack).toMatchObject({ apiName: 'proxywatch-dev', stageName: 'live' });
  expect(regional.stack.observed.map(({ name }) => name).toSorted()).toEqual([
    'proxywatch-dev-api-accounts',
    'proxywatch-dev-api-databases',
    'proxywatch-dev-api-monitoring',
    'proxywatch-dev-api-namespaces',
    'proxywatch-dev-api-proxies',
    'proxywatch-dev-api-system',
    'proxywatch-dev-api-variables',
    'proxywatch-dev-control-operate',
  ]);
});
