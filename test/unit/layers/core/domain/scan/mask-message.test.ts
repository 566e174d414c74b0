import { describe, expect, test } from '@jest/globals';
import { maskMessage } from '@proxywatch/core/domain/scan/mask-message';

describe('the message of an error without values', () => {
  test.each([
    [1062, "Duplicate entry 'ann@example.com' for key 'PRIMARY'", "Duplicate entry ? for key 'PRIMARY'"],
    [1062, "Duplicate entry 'it's 'quoted'' for key 'users.email'", "Duplicate entry ? for key 'users.email'"],
    [1146, "Table 'shop.nope' doesn't exist", "Table 'shop.nope' doesn't exist"],
    [1054, "Unknown column 'hunter2' in 'where clause'", 'Unknown column ?'],
    [1064, "You have an error … near 'SELEC 'secret' FROM t' at line 1", 'You have an error … near ? at line 1'],
    [1064, "near 'a text that was cut in the mid", 'near ?'],
    [1366, 'Incorrect integer value: "abc" for column `c`', 'Incorrect integer value: ?'],
    [9001, 'Max connect timeout reached after 10000ms', 'Max connect timeout reached after 10000ms'],
    [1317, 'Query execution was interrupted', 'Query execution was interrupted'],
  ])('of %i: %s', (errno, message, masked) => {
    expect(maskMessage(errno, message)).toBe(masked);
  });
});
