import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { fetchWholeDocument } from '../../../functions/api/system/whole-document.ts';
import { stageConfigOf } from '../../../infra/aws/config.ts';
import { buildRequest } from '../../../infra/cli/build-request.ts';
import { findCommand } from '../../../infra/cli/find-command.ts';
import { type ApiDocument, commandsOf } from '../../../infra/cli/operations.ts';
import { parseArguments } from '../../../infra/cli/parse-arguments.ts';
import { parseCommand as parseFleetCommand } from '../../../infra/local/fleet/parse-command.ts';
import { parseCommand as parseScanCommand } from '../../../infra/local/scan/parse-command.ts';

const text = readFileSync('docs/runbooks.md', 'utf8');
const sections = new Map(
  text
    .split(/^### /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf('\n')), section.split(/^## /m)[0] ?? ''] as const),
);
const alerts = [...readFileSync('infra/prometheus/rules.yml', 'utf8').matchAll(/- alert: (\w+)\n/g)].map(
  ([, name = '']) => name,
);
/** All that any stage may have, whatever its settings. */
const alarms = globSync('infra/aws/constructs/monitoring/*-alarms.ts').flatMap((path) =>
  [...readFileSync(path, 'utf8').matchAll(/^ +name: '(\w+)',$/gm)].map(([, name = '']) => name),
);

/** What somebody types after `npm run <script> --`, up to the end of the command. */
function typed(script: string): readonly (readonly string[])[] {
  const commands = [...text.matchAll(new RegExp(`npm run ${script} -- ([^\`\\n]+)`, 'g'))];
  return commands.map(([, line = '']) => (line.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", '')));
}

test('there are alarms and alerts to have sections for', () => {
  expect(alarms.length).toBeGreaterThan(25);
  expect(alerts.length).toBeGreaterThan(8);
});

describe.each([...new Set([...alarms, ...alerts])])('%s', (name) => {
  test('has a section that says what it means, where to look, what to do, and when it is over', () => {
    const section = sections.get(name) ?? '';
    expect(section.match(/\*\*(Means|Look:|Do:|Over when)\*\*/g)).toEqual([
      '**Means**',
      '**Look:**',
      '**Do:**',
      '**Over when**',
    ]);
  });
});

test('no section is left of what is there no more', () => {
  expect([...sections.keys()].filter((name) => !alarms.includes(name) && !alerts.includes(name))).toEqual([]);
});

test('sections that others lead to are there', () => {
  const anchors = [...text.matchAll(/\]\(#([\w-]+)\)/g)].map(([, anchor]) => anchor);
  const known = [...sections.keys()].map((name) => name.toLowerCase());
  expect(anchors.filter((anchor) => anchor === undefined || !known.includes(anchor))).toEqual([]);
});

describe('commands', () => {
  test('of the API are ones that it has, with options that they take', async () => {
    const commands = commandsOf((await fetchWholeDocument()) as ApiDocument);
    const lines = typed('cli');
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) {
      const { words, flags } = parseArguments(line, (name) => name === 'help' || name.startsWith('no-'));
      const found = findCommand(commands, words);
      expect(() => buildRequest(found, flags)).not.toThrow();
    }
  });

  test('of the fleet and of the scanner are as these take them', () => {
    for (const line of typed('fleet')) expect(() => parseFleetCommand(line)).not.toThrow();
    for (const line of typed('scan')) expect(() => parseScanCommand(line)).not.toThrow();
    expect(typed('fleet').length).toBeGreaterThan(2);
    expect(typed('scan')).toEqual([['--replay', 'letters.jsonl']]);
  });

  test('name no setting that a stage does not have', () => {
    const config = stageConfigOf({ stage: 'dev' });
    const paths = [...text.matchAll(/`((?:scanner|gateway|data|network)(?:\.\w+)+)`/g)].map(([, path = '']) => path);
    expect(paths.length).toBeGreaterThan(10);
    for (const path of paths) expect(config).toHaveProperty(path);
  });
});
