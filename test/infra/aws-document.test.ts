import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { Template } from 'aws-cdk-lib/assertions';
import { parseStageConfig, type StageInput, stageConfigOf } from '../../infra/aws/config.ts';
import { packSystem } from '../../infra/aws/packages/pack-system.ts';
import { createSystem, type System } from '../../infra/aws/system.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { checkedApp } from './support/checked-app.ts';
import { existing } from './support/existing-stage.ts';

const PATH = fileURLToPath(new URL('../../docs/aws.md', import.meta.url));
const DOCUMENT = readFileSync(PATH, 'utf8');
const RUNBOOKS = readFileSync(new URL('../../docs/runbooks.md', import.meta.url), 'utf8');
const FENCES = [...DOCUMENT.matchAll(/^```(\w*)\n(.*?)^```$/gms)];

const blocks = (language: string) => FENCES.filter((fence) => fence[1] === language).map(([, , text = '']) => text);

/** The anchors that GitHub gives to the headings of a document. */
function anchorsOf(text: string): readonly string[] {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}

describe('docs/aws.md', () => {
  test('shows a stage that is right', () => {
    const stages = blocks('json').map((text) => parseStageConfig(JSON.parse(text), 'docs/aws.md'));
    expect(stages.map(({ stage }) => stage)).toEqual(['eu']);
  });

  test('shows what is told of a wrong one, word for word', () => {
    const wrong = {
      ...existing,
      network: { ...existing.network, vpc: { ...existing.network.vpc, privateSubnetIds: [] } },
      data: { ...existing.data, dcdb: { minAcu: 0 } },
    } satisfies StageInput;
    const [shown = ''] = blocks('').filter((text) => text.includes('is wrong:'));
    const [head = '', ...lines] = shown.trimEnd().split('\n');
    expect(head).toBe('the configuration of stage prod is wrong:');
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(() => parseStageConfig(wrong, 'stage prod')).toThrow(line);
  });

  test('names outputs that there are', async () => {
    const app = checkedApp();
    const system = createSystem(app, stageConfigOf({ stage: 'dev' }), await packSystem(temporaryFolder()));
    const named = [...DOCUMENT.matchAll(/output (\w+) (\w+)/g)].map(([, stack, name]) => [stack, name] as const);
    expect(named.length).toBeGreaterThan(4);
    for (const [stack, name] of named) {
      const outputs = Template.fromStack(system[stack as keyof System]).findOutputs('*');
      expect(Object.keys(outputs)).toContain(name);
    }
  });

  test('leads to the runbook of each alarm', () => {
    const [, alarms = ''] = /^## Scanner$([\s\S]*)^## Proxies and the fleet/m.exec(RUNBOOKS) ?? [];
    const names = [...alarms.matchAll(/^### (\w+)$/gm)].map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(30);
    for (const name of names) expect(DOCUMENT).toContain(`[${name}](runbooks.md#${name.toLowerCase()})`);
  });

  test('has no link into the void', () => {
    const links = [...DOCUMENT.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link = '']) => link);
    for (const link of links) {
      const [path = '', anchor] = link.split('#');
      const file = path === '' ? PATH : resolve(dirname(PATH), path);
      expect([link, existsSync(file)]).toEqual([link, true]);
      if (anchor !== undefined) expect(anchorsOf(readFileSync(file, 'utf8'))).toContain(anchor);
    }
  });
});
