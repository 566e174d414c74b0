import { describe, expect, test } from '@jest/globals';
import { type PasswordFacts, reportPasswords } from '@proxywatch/core/domain/control/password-report';
import { fc } from '../../../../../support/properties.ts';

const DAY_MS = 86_400_000;
const NOW_MS = 1_000 * DAY_MS;

function facts(id: string, marks: readonly string[], ageDays = 1): PasswordFacts {
  const [namespace = '', username = ''] = id.split('/');
  return { account: { id, namespace, username }, changedAtMs: NOW_MS - ageDays * DAY_MS, marks };
}

const report = (all: readonly PasswordFacts[]) => reportPasswords(all, NOW_MS, 90 * DAY_MS);
const idsOf = (groups: readonly (readonly { readonly id: string }[])[]) =>
  groups.map((group) => group.map(({ id }) => id).toSorted()).toSorted();

describe('a report of passwords', () => {
  test('tells of names that several namespaces have', () => {
    const { duplicateUsernames } = report([facts('shop/app', []), facts('bi/app', []), facts('bi/report', [])]);
    expect(idsOf(duplicateUsernames)).toEqual([['bi/app', 'shop/app']]);
  });

  test('tells of accounts that share a mark', () => {
    const { sharedPasswords } = report([facts('a/1', ['f1']), facts('a/2', ['f2']), facts('a/3', ['f1'])]);
    expect(idsOf(sharedPasswords)).toEqual([['a/1', 'a/3']]);
  });

  test('joins accounts over a third that has the marks of both', () => {
    const { sharedPasswords } = report([facts('a/1', ['f1']), facts('a/2', ['h1']), facts('a/3', ['f1', 'h1'])]);
    expect(idsOf(sharedPasswords)).toEqual([['a/1', 'a/2', 'a/3']]);
  });

  test('tells of accounts that nothing can be said of, and does not take them for equal', () => {
    const { notComparable, sharedPasswords } = report([facts('a/1', []), facts('a/2', [])]);
    expect([idsOf([notComparable]), sharedPasswords]).toEqual([[['a/1', 'a/2']], []]);
  });

  test('tells of old passwords, the oldest first', () => {
    const { old } = report([facts('a/1', [], 91), facts('a/2', [], 90), facts('a/3', [], 400)]);
    expect(old.map(({ id }) => id)).toEqual(['a/3', 'a/1']);
  });

  test('shows no mark', () => {
    expect(JSON.stringify(report([facts('a/1', ['f1'], 99), facts('b/1', ['f1'])]))).not.toContain('f1');
  });

  test('finds the same groups in whatever order accounts come', () => {
    const marks = fc.array(fc.constantFrom('f1', 'f2', 'f3', 'h1', 'h2', 'h3'), { maxLength: 2 });
    fc.assert(
      fc.property(fc.array(marks, { maxLength: 12 }), fc.nat(), (all, turn) => {
        const given = all.map((of, i) => facts(`a/${i}`, of));
        const turned = [
          ...given.slice(turn % (given.length || 1)),
          ...given.slice(0, turn % (given.length || 1)),
        ].reverse();
        expect(idsOf(report(turned).sharedPasswords)).toEqual(idsOf(report(given).sharedPasswords));
      }),
    );
  });
});
