import { describe, expect, test } from '@jest/globals';
import { GroupCommit } from '@proxywatch/core/drivers/dcdb/scan/group-commit';

const isAway = (error: unknown) => error instanceof Error && error.message === 'away';

/** Groups in the order in which they were written; the first waits for `gate`. Items of `bad` fail any group. */
function recording(bad: ReadonlyMap<string, Error> = new Map()) {
  const groups: (readonly string[])[] = [];
  const gate = Promise.withResolvers<void>();
  const commit = new GroupCommit<string>({
    async write(items) {
      groups.push(items);
      if (groups.length === 1) await gate.promise;
      for (const item of items) {
        const error = bad.get(item);
        if (error) throw error;
      }
    },
    weightOf: (item) => item.length,
    maxWeight: 4,
    lanes: 1,
    concernsAll: isAway,
  });
  return { commit, groups, open: () => gate.resolve() };
}

describe('who comes while others are written', () => {
  test('shares the next transaction, up to its weight', async () => {
    const { commit, groups, open } = recording();
    const first = commit.add('a');
    await Promise.resolve();
    const rest = ['b', 'cc', 'd', 'e', 'ffffff', 'g'].map((item) => commit.add(item));
    open();
    await Promise.all([first, ...rest]);
    expect(groups).toEqual([['a'], ['b', 'cc', 'd'], ['e'], ['ffffff'], ['g']]);
  });

  test('does not fail for another one of the group', async () => {
    const { commit, groups, open } = recording(new Map([['b', new Error('bad')]]));
    open();
    const outcomes = await Promise.allSettled(['a', 'b', 'c'].map((item) => commit.add(item)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(groups).toEqual([['a', 'b', 'c'], ['a'], ['b'], ['c']]);
  });

  test('fails with all when that is nobody’s fault', async () => {
    const { commit, groups, open } = recording(new Map([['b', new Error('away')]]));
    open();
    const outcomes = await Promise.allSettled(['a', 'b', 'c'].map((item) => commit.add(item)));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(groups).toEqual([['a', 'b', 'c']]);
  });

  test('is left out when it has given up meanwhile', async () => {
    const { commit, groups, open } = recording();
    const first = commit.add('a');
    await Promise.resolve();
    const controller = new AbortController();
    const given = commit.add('b', controller.signal);
    const last = commit.add('c');
    controller.abort(new Error('no more time'));
    open();
    await expect(given).rejects.toThrow('no more time');
    await Promise.all([first, last]);
    expect(groups).toEqual([['a'], ['c']]);
  });
});
