import { describe, expect, test } from '@jest/globals';
import { COLLECTORS } from '@proxywatch/core/domain/scan/collectors';
import { parseCommand, USAGE } from '../../../../../infra/local/scan/parse-command.ts';

describe('npm run scan --', () => {
  test('is one round over everything', () => {
    expect(parseCommand([])).toEqual({ kind: 'round', proxies: [], collectors: COLLECTORS });
  });

  test('takes proxies and collectors, each several times', () => {
    const args = [
      '--proxy',
      'lab-2',
      '--collector',
      'slowSql',
      '--collector=status',
      '--proxy',
      'lab-1',
      '--proxy',
      'lab-2',
    ];
    expect(parseCommand(args)).toEqual({
      kind: 'round',
      proxies: ['lab-2', 'lab-1'],
      collectors: ['status', 'slowSql'],
    });
  });

  test('takes a file of dead letters, or prints how it is used', () => {
    expect(parseCommand(['--replay', 'dead.jsonl'])).toEqual({ kind: 'replay', file: 'dead.jsonl' });
    expect(parseCommand(['--help', '--proxy', 'lab-1'])).toEqual({ kind: 'help' });
  });

  test.each([
    ['an unknown option', ['--all'], "Unknown option '--all'"],
    ['an argument', ['lab-1'], "Unexpected argument 'lab-1'"],
    ['an option without its value', ['--proxy'], "Option '--proxy <value>' argument missing"],
    ['an unknown collector', ['--collector', 'slowsql'], 'there is no collector "slowsql"'],
    ['two files', ['--replay', 'a', '--replay', 'b'], '--replay takes one file'],
    ['a file and a proxy', ['--replay', 'a', '--proxy', 'lab-1'], '--replay stands alone'],
  ])('refuses %s, with the usage', (_, args, problem) => {
    expect(() => parseCommand(args)).toThrow(problem);
    expect(() => parseCommand(args)).toThrow(USAGE);
  });
});
