import { describe, expect, test } from '@jest/globals';
import { ErrorTable } from '../../../../../../infra/local/lab/stats/error-table.ts';
import { fakeLabClock } from '../../../../../support/fake-lab-clock.ts';

const DUPLICATE = {
  hostgroup: 10,
  host: '127.0.0.1',
  port: 3306,
  user: 'app_rw',
  client: '127.0.0.1',
  schema: 'shop',
  errno: 1062,
  message: "Duplicate entry 'sku-1' for key 'PRIMARY'",
};

describe('the error table', () => {
  test('counts one error per place and number, with the last message', () => {
    const clock = fakeLabClock();
    const errors = new ErrorTable(clock);
    errors.record(DUPLICATE);
    clock.advance(5000);
    errors.record({ ...DUPLICATE, message: "Duplicate entry 'sku-2' for key 'PRIMARY'" });
    const [row, ...others] = [...errors.rows()];
    expect(others).toEqual([]);
    expect(row?.slice(0, 8)).toEqual([10, '127.0.0.1', 3306, 'app_rw', '127.0.0.1', 'shop', 1062, 2]);
    expect(Number(row?.[9]) - Number(row?.[8])).toBe(5);
    expect(row?.[10]).toBe("Duplicate entry 'sku-2' for key 'PRIMARY'");
  });

  test('loses a statement of 32 rows when two clients collide in it, and no other statement', () => {
    const errors = new ErrorTable(fakeLabClock());
    for (let errno = 1; errno <= 40; errno += 1) errors.record({ ...DUPLICATE, errno });
    expect([...errors.rows()]).toHaveLength(40);
    errors.record({ ...DUPLICATE, errno: 40, client: '10.0.0.7' });
    expect([...errors.rows()].map((row) => row[6])).toEqual(Array.from({ length: 32 }, (_, i) => i + 1));
  });

  test('is empty after a reset', () => {
    const errors = new ErrorTable(fakeLabClock());
    errors.record(DUPLICATE);
    expect(errors.reset()).toBe(1);
    expect([...errors.rows()]).toEqual([]);
  });
});
