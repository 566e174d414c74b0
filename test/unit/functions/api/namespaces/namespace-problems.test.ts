import { describe, expect, test } from '@jest/globals';
import { namespaceProblems, requireSound } from '../../../../../functions/api/namespaces/namespace-problems.ts';

const slice = (name: string, writerHostgroup: number, readerHostgroup: number) => ({
  name,
  writerHostgroup,
  readerHostgroup,
  cluster: `${name}-eu`,
});
const SOUND = { slices: [slice('orders', 10, 11), slice('crm', 20, 21)], defaultSlice: 'crm', deniedSql: [] };

function pointersOf(changes: Partial<Parameters<typeof namespaceProblems>[0]>): readonly string[] {
  return namespaceProblems({ ...SOUND, ...changes }).map(({ pointer }) => pointer);
}

describe('a namespace', () => {
  test('whose slices have names and hostgroups of their own is sound', () => {
    expect(namespaceProblems(SOUND)).toEqual([]);
    expect(pointersOf({ slices: [], defaultSlice: null })).toEqual([]);
  });

  test('has each slice once', () => {
    expect(pointersOf({ slices: [slice('crm', 10, 11), slice('crm', 20, 21)] })).toEqual(['/slices/1/name']);
  });

  test('has each hostgroup once, be it for writers or readers', () => {
    expect(namespaceProblems({ ...SOUND, slices: [slice('crm', 10, 10)] })).toEqual([
      { pointer: '/slices/0/readerHostgroup', message: 'is /slices/0/writerHostgroup already' },
    ]);
    expect(pointersOf({ slices: [slice('orders', 10, 11), slice('crm', 11, 10)] })).toEqual([
      '/slices/1/writerHostgroup',
      '/slices/1/readerHostgroup',
    ]);
  });

  test('has the slice that is its default', () => {
    expect(pointersOf({ defaultSlice: 'billing' })).toEqual(['/defaultSlice']);
  });

  test('denies a statement once', () => {
    const deniedSql = [
      { digest: '0xAB', mode: 'deny', comment: '' },
      { pattern: '^DROP', mode: 'deny', comment: '' },
      { digest: '0xab', mode: 'observe', comment: '' },
      { pattern: '^DROP', mode: 'observe', comment: '' },
    ] as const;
    expect(pointersOf({ deniedSql })).toEqual(['/deniedSql/2', '/deniedSql/3']);
  });

  test('that is not sound is refused with all that is wrong', () => {
    expect(() => requireSound({ ...SOUND, slices: [], deniedSql: [] })).toThrow(
      expect.objectContaining({
        code: 'UNPROCESSABLE',
        problems: [expect.objectContaining({ pointer: '/defaultSlice' })],
      }),
    );
  });
});
