import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { parseApiConfig } from '../../functions/api/shared/config.ts';
import { API_MODULES } from '../../functions/api/shared/route.ts';
import { parseControlConfig } from '../../functions/control/config.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { PRIVATE_WITH_JWT, REGIONAL, synthesizeApi, TOKEN_SECRET } from './support/api-stacks.ts';
import { nameOf, permissionsOf, variablesOf } from './support/template-readers.ts';

const { template } = synthesizeApi(PRIVATE_WITH_JWT);
const { template: withIam } = synthesizeApi(REGIONAL);

const WORKSPACE = 'arn:aws:aps:eu-central-1:123456789012:workspace/ws-00000000-0000-0000-0000-000000000001';
const RULES = 'rulegroupsnamespace/ws-00000000-0000-0000-0000-000000000001/proxywatch-alerts';
/** What all of them may; short for what stores give. */
const STORES = ['dcdb', 'redis', 'fingerprints'];

/** Without what all functions have, and without the parts of names that are the same everywhere. */
function mayBeside(name: string): readonly string[] {
  return permissionsOf(template, new RegExp(`"Functions${name}ServiceRole`))
    .filter((permission) => !STORES.some((store) => permission.startsWith(`fake:${store} `)))
    .map((permission) =>
      permission
        .replace(/ arn:aws:fake:::.*$/, '')
        .replace(/arn:<AWS::Partition>:\w+:<AWS::Region>:<AWS::AccountId>:/, '')
        .replace(/(Functions[a-z]+|DeadLetters)[0-9A-F]{8}/, '$1'),
    );
}

const INVOKE_OPERATE = [
  'lambda:InvokeFunction Functionscontroloperate',
  'lambda:InvokeFunction Functionscontroloperate:$LATEST',
];
const READ_TOKEN = `secretsmanager:GetSecretValue ${TOKEN_SECRET}`;

describe('functions of the API', () => {
  test.each([
    ['apiaccounts', ['fake:adminCredentials', READ_TOKEN]],
    ['apidatabases', ['fake:statsCredentials', READ_TOKEN]],
    ['apiproxies', [`aps:QueryMetrics ${WORKSPACE}`, 'fake:adminCredentialsAndstatsCredentials']],
    ['apinamespaces', ['fake:adminCredentials', 'fake:secretKeys', ...INVOKE_OPERATE, READ_TOKEN]],
    [
      'apimonitoring',
      [
        `aps:CreateRuleGroupsNamespace ${RULES}`,
        `aps:CreateRuleGroupsNamespace ${WORKSPACE}`,
        `aps:DeleteRuleGroupsNamespace ${RULES}`,
        `aps:ListAlerts ${WORKSPACE}`,
        `aps:PutRuleGroupsNamespace ${RULES}`,
        `aps:QueryMetrics ${WORKSPACE}`,
        'fake:statsCredentials',
      ],
    ],
    ['apivariables', ['fake:adminCredentials', 'fake:secretKeys']],
    ['apisystem', [`aps:QueryMetrics ${WORKSPACE}`, READ_TOKEN]],
  ])('%s may do what its module does, and no more', (name, permissions) => {
    expect(mayBeside(name).toSorted()).toEqual(permissions.toSorted());
  });

  test('all have the DCDB, Redis, and the key of fingerprints', () => {
    for (const module of API_MODULES) {
      const permissions = permissionsOf(template, new RegExp(`"Functionsapi${module}ServiceRole`));
      const keys = permissions.some((permission) => permission.startsWith('fake:secretKeys'))
        ? 'secretKeys'
        : 'fingerprints';
      expect(permissions).toEqual(
        expect.arrayContaining(['dcdb', 'redis', keys].map((store) => `fake:${store} arn:aws:fake:::${store}`)),
      );
    }
  });

  test('answer before API Gateway gives up', () => {
    for (const module of API_MODULES) {
      template.hasResourceProperties('AWS::Lambda::Function', {
        FunctionName: `proxywatch-dev-api-${module}`,
        Timeout: 29,
      });
    }
  });

  /** What stores give in truth, where these tests have stores that give names. */
  const stores = () => {
    const file = join(temporaryFolder(), 'credentials.json');
    writeFileSync(file, '{}', { mode: 0o600 });
    return {
      DCDB_URL: 'mysql://u:p@dcdb/proxywatch',
      REDIS_URL: 'rediss://redis:6379?cluster=true',
      PROXY_CREDENTIALS_FILE: file,
      SECRET_KMS_KEY_ID: 'seal',
      SECRET_KMS_MAC_KEY_ID: 'mac',
    };
  };

  test.each(API_MODULES)('%s gets an environment that it understands, with either kind of callers', (module) => {
    const name = `proxywatch-dev-api-${module}`;
    const lambda = { AWS_LAMBDA_FUNCTION_NAME: name };
    expect(parseApiConfig({ ...variablesOf(template, name), ...stores(), ...lambda })).toMatchObject({
      API_AUTH: 'jwt',
      JWT_ISSUER: 'https://id.example',
      JWT_AUDIENCE: 'proxywatch',
      JWT_GROUPS_CLAIM: 'groups',
      BOOTSTRAP_ADMIN: { subjectKind: 'group', subject: 'dba' },
    });
    const { BOOTSTRAP_ADMIN: admin, ...variables } = variablesOf(withIam, name);
    expect(nameOf(JSON.parse(admin ?? ''))).toMatch(/^user:Admin\w+$/);
    expect(parseApiConfig({ ...variables, ...stores(), ...lambda })).toMatchObject({ API_AUTH: 'iam' });
    expect(JSON.stringify(variables)).not.toContain('DBCONFIG');
  });

  test('know of secrets where they are, and nothing of what is in them', () => {
    const { DBCONFIG_TOKEN } = variablesOf(template, 'proxywatch-dev-api-databases');
    expect(DBCONFIG_TOKEN).toBe(`secretsmanager:${TOKEN_SECRET}`);
    expect(variablesOf(template, 'proxywatch-dev-api-variables')).not.toHaveProperty('DBCONFIG_TOKEN');
  });

  test('control-operate gets an environment that it understands, with the service or without', () => {
    const [operate, without] = [template, withIam].map((one) => variablesOf(one, 'proxywatch-dev-control-operate'));
    expect(parseControlConfig({ ...operate, ...stores() })).toMatchObject({
      OPERATE_FUNCTION: 'proxywatch-dev-control-operate',
      DBCONFIG_URL: 'https://dbconfig.example',
    });
    expect(parseControlConfig({ ...without, ...stores() }).DBCONFIG_URL).toBeUndefined();
  });
});

describe('the function that changes proxies', () => {
  test('may invoke itself, and use what operations use', () => {
    expect(mayBeside('controloperate')).toEqual([
      'fake:adminCredentials',
      'fake:secretKeys',
      'lambda:InvokeFunction function:proxywatch-dev-control-operate',
      READ_TOKEN,
      ...['GetQueueAttributes', 'GetQueueUrl', 'SendMessage'].map((action) => `sqs:${action} ControlDeadLetters`),
    ]);
  });

  test('is the only one that may ask for itself without end: Lambda stops others after sixteen times', () => {
    const loops = Object.values(
      template.findResources('AWS::Lambda::Function', { Properties: { RecursiveLoop: 'Allow' } }),
    );
    expect(loops.map(({ Properties }) => Properties.FunctionName)).toEqual(['proxywatch-dev-control-operate']);
  });

  test('looks each minute for what nobody works on', () => {
    template.hasResourceProperties('AWS::Scheduler::Schedule', {
      Name: 'proxywatch-dev-sweep',
      ScheduleExpression: 'cron(* * * * ? *)',
      State: 'ENABLED',
    });
  });

  test('has as long as there is, is tried again, and what failed for good is kept', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'proxywatch-dev-control-operate',
      Timeout: 900,
    });
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      MaximumRetryAttempts: 2,
      MaximumEventAgeInSeconds: 600,
      DestinationConfig: {
        OnFailure: { Destination: { 'Fn::GetAtt': [Match.stringLikeRegexp('DeadLetters'), 'Arn'] } },
      },
    });
  });
});

describe('the firewall before the API', () => {
  const [acl] = Object.values(withIam.findResources('AWS::WAFv2::WebACL')).map(({ Properties }) => Properties);
  interface Rule {
    readonly Name: string;
    readonly Statement: {
      readonly ManagedRuleGroupStatement?: { readonly RuleActionOverrides: readonly { readonly Name: string }[] };
    };
  }
  const counted: readonly string[] = acl?.Rules.flatMap(
    ({ Statement }: Rule) => Statement.ManagedRuleGroupStatement?.RuleActionOverrides.map(({ Name }) => Name) ?? [],
  );

  test('stands before the one stage there is', () => {
    withIam.hasResourceProperties('AWS::WAFv2::WebACLAssociation', {
      ResourceArn: { 'Fn::Join': ['', Match.arrayWith([Match.stringLikeRegexp('/stages/$')])] },
    });
  });

  test('stops floods of one address, as the stage says, with 429', () => {
    expect(acl?.Rules[0]).toMatchObject({
      Statement: { RateBasedStatement: { AggregateKeyType: 'IP', Limit: 700, EvaluationWindowSec: 300 } },
      Action: { Block: { CustomResponse: { ResponseCode: 429 } } },
    });
  });

  test('only counts what statements and queries look like, which are what the API is for', () => {
    expect(counted).toEqual(
      expect.arrayContaining(['SizeRestrictions_BODY', 'SQLi_BODY', 'SQLi_QUERYARGUMENTS', 'CrossSiteScripting_BODY']),
    );
    expect(counted.filter((name) => !/_(BODY|QUERYARGUMENTS|QUERYSTRING)$|^NoUserAgent_HEADER$/.test(name))).toEqual(
      [],
    );
  });

  test('blocks what is known to attack', () => {
    expect(acl?.Rules.slice(1).map(({ Name }: Rule) => Name)).toEqual([
      'AWSManagedRulesCommonRuleSet',
      'AWSManagedRulesKnownBadInputsRuleSet',
      'AWSManagedRulesSQLiRuleSet',
    ]);
    for (const rule of acl?.Rules.slice(1) ?? []) expect(rule.OverrideAction).toEqual({ None: {} });
  });

  test('logs what it stopped or counted, without what tells who is who', () => {
    withIam.hasResourceProperties('AWS::WAFv2::LoggingConfiguration', {
      RedactedFields: Match.arrayWith([
        { SingleHeader: { Name: 'authorization' } },
        { SingleHeader: { Name: 'x-amz-security-token' } },
        { QueryString: {} },
      ]),
      LoggingFilter: Match.objectLike({ DefaultBehavior: 'DROP' }),
    });
  });
});
