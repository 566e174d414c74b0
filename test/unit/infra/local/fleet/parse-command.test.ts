import { describe, expect, test } from '@jest/globals';
import { parseCommand, USAGE } from '../../../../../infra/local/fleet/parse-command.ts';

describe('the command line of npm run fleet', () => {
  test.each([
    [['status'], { kind: 'status' }],
    [['drain', 'slot-2'], { kind: 'drain', slot: 'slot-2' }],
    [['undrain', 'slot-12'], { kind: 'undrain', slot: 'slot-12' }],
    [['pin', 'shop-1', 'slot-1'], { kind: 'pin', proxyId: 'shop-1', slot: 'slot-1' }],
    [['unpin', 'shop-1'], { kind: 'unpin', proxyId: 'shop-1' }],
  ])('%j is understood', (args, command) => {
    expect(parseCommand(args)).toEqual(command);
  });

  test.each([
    [[], 'no command'],
    [['stop'], 'unknown command "stop"'],
    [['status', 'slot-1'], 'status takes no argument'],
    [['drain'], 'drain takes a slot'],
    [['drain', 'gateway-1'], '"gateway-1" is no slot, such as slot-1'],
    [['undrain', 'slot-0'], '"slot-0" is no slot, such as slot-1'],
    [['pin', 'shop-1'], 'pin takes a proxy and a slot'],
    [['pin', 'slot-1', 'shop-1'], '"shop-1" is no slot, such as slot-1'],
    [['unpin', 'shop-1', 'slot-1'], 'unpin takes a proxy'],
  ])('%j is refused with the usage', (args, problem) => {
    expect(() => parseCommand(args)).toThrow(`${problem}\n${USAGE}`);
  });
});
