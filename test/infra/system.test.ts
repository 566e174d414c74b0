import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Template } from 'aws-cdk-lib/assertions';
import { parseStageConfig, type StageInput } from '../../infra/aws/config.ts';
import { packSystem } from '../../infra/aws/packages/pack-system.ts';
import { STAGES } from '../../infra/aws/stages/index.ts';
import { createSystem, type System } from '../../infra/aws/system.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { PRIVATE_WITH_JWT } from './support/api-stacks.ts';
import { checkedApp } from './support/checked-app.ts';
import { existing } from './support/existing-stage.ts';
import { nameOf } from './support/template-readers.ts';

const packages = await packSystem(temporaryFolder());
const DOCUMENT = readFileSync(new URL('../../docs/aws.md', import.meta.url), 'utf8');

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

function systemOf(input: StageInput): System {
  const app = checkedApp();
  const system = createSystem(app, parseStageConfig(input, 'a test'), packages);
  // Throws where a finding of cdk-nag is not explained.
  app.synth();
  return system;
}

const stacksOf = (system: System) =>
  Object.entries(system).map(([name, stack]) => [name, Template.fromStack(stack)] as const);

const statementsOf = (template: Template): readonly Statement[] =>
  Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
    ({ Properties }) => Properties.PolicyDocument.Statement,
  );

describe.each([
  ...Object.entries(STAGES),
  ['with everything there before', existing],
  ['with tokens and a private API', { ...(STAGES.dev as StageInput), api: PRIVATE_WITH_JWT }],
])('stage %s', (_, input) => {
  const system = systemOf(input);

  test('is bound to no account and no region', () => {
    for (const stack of Object.values(system)) expect(stack.environment).toBe('aws://unknown-account/unknown-region');
  });

  test('has no code before its schema', () => {
    for (const name of ['api', 'scanner', 'gateway'] as const) expect(system[name].dependencies).toContain(system.data);
  });

  test('gives nobody leave for whatever a service can do', () => {
    const actions = stacksOf(system).flatMap(([, template]) => statementsOf(template).flatMap(({ Action }) => Action));
    expect(actions.filter((action) => action.includes('*'))).toEqual([]);
  });

  test('has a wildcard for resources only where docs/aws.md says why', () => {
    const documented = [...DOCUMENT.matchAll(/^\| (\w+) \| `([\w:-]+)` \| `([^`]+)` \|/gm)].map(([, ...cells]) =>
      cells.join(' '),
    );
    const found = stacksOf(system).flatMap(([stack, template]) =>
      statementsOf(template).flatMap(({ Action, Resource }) =>
        [Resource]
          .flat()
          .map(nameOf)
          .filter((resource) => resource.includes('*'))
          .flatMap((resource) => [Action].flat().map((action) => `${stack} ${action} ${resource}`)),
      ),
    );
    for (const statement of found) expect(documented).toContain(statement);
  });

  test('keeps each log for a while, and none for ever', () => {
    for (const [, template] of stacksOf(system))
      for (const { Properties } of Object.values(template.findResources('AWS::Logs::LogGroup')))
        expect(Properties.RetentionInDays).toBeGreaterThan(0);
  });

  test('has no secret in a template', () => {
    for (const [, template] of stacksOf(system)) {
      const text = JSON.stringify(template.toJSON());
      expect(text).not.toMatch(/"(MasterUserPassword|Password)":/);
      expect(text).not.toMatch(/(mysql|redis|rediss):\/\/[^"/@:]+:[^"/@]+@/);
    }
  });
});
