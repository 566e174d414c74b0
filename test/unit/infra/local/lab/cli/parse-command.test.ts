import { describe, expect, test } from '@jest/globals';
import { parseCommand, USAGE } from '../../../../../../infra/local/lab/cli/parse-command.ts';

describe('the command line of npm run lab', () => {
  test.each([
    [['pause'], { kind: 'pause' }],
    [['resume'], { kind: 'resume' }],
    [['status'], { kind: 'status' }],
    [['restart', '2'], { kind: 'restart', lab: 2 }],
    [['reset', '10'], { kind: 'reset', lab: 10 }],
  ])('%j is understood', (args, command) => {
    expect(parseCommand(args, 10)).toEqual(command);
  });

  test.each([
    [[], 'no command'],
    [['stop'], 'unknown command "stop"'],
    [['pause', '1'], 'pause takes no argument'],
    [['restart'], 'restart takes the number of a lab proxy, from 1 to 10'],
    [['restart', '11'], 'restart takes the number of a lab proxy, from 1 to 10'],
    [['reset', '0'], 'reset takes the number of a lab proxy, from 1 to 10'],
    [['reset', '1; drop'], 'reset takes the number of a lab proxy, from 1 to 10'],
    [['restart', '1', '2'], 'too many arguments'],
  ])('%j is refused with the usage', (args, problem) => {
    expect(() => parseCommand(args, 10)).toThrow(`${problem}\n${USAGE}`);
  });
});
