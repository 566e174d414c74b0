import { describe, expect, test } from '@jest/globals';
import { parseCommand, USAGE } from '../../../../../infra/local/tail/parse-command.ts';

describe('the command line of npm run tail', () => {
  test.each([
    [['slow-sql'], { collector: 'slowSql', fromBeginning: false, json: false }],
    [['key-logs', '--json'], { collector: 'keyLogs', fromBeginning: false, json: true }],
    [['--from-beginning', 'slow-transactions'], { collector: 'slowTransactions', fromBeginning: true, json: false }],
  ])('%j is understood', (args, command) => {
    expect(parseCommand(args)).toEqual(command);
  });

  test.each([
    [[], 'no topic'],
    [['slowSql'], 'unknown topic "slowSql"'],
    [['slow-sql', 'key-logs'], 'one topic at a time'],
    [['slow-sql', '--follow'], 'unknown option "--follow"'],
  ])('%j is refused with the usage', (args, problem) => {
    expect(() => parseCommand(args)).toThrow(`${problem}\n${USAGE}`);
  });
});
