import { describe, expect, test } from '@jest/globals';
import { explainSightings } from '../../../../../../layers/core/src/domain/scan/explain-sightings.ts';
import type { Sighting } from '../../../../../../layers/core/src/domain/scan/sightings.ts';
import type { SlowDigest } from '../../../../../../layers/core/src/domain/scan/slow-digests.ts';

/** Seconds of all times in these tests are counted from here. */
const T0 = 1_800_000_000_000;

/** A statement seen from `startS` to `lastS`, and gone at `goneS`. */
function seen(startS: number, lastS: number, goneS?: number, other: Partial<Sighting> = {}): Sighting {
  return {
    id: 'a',
    sessionId: '7',
    user: 'app',
    schema: 'shop',
    hostgroup: '20',
    text: 'SELECT SLEEP(?)',
    isCut: false,
    startMs: T0 + startS * 1_000,
    seenMs: (lastS - startS) * 1_000,
    lastSeenMs: T0 + lastS * 1_000,
    goneMs: goneS === undefined ? undefined : T0 + goneS * 1_000,
    ...other,
  };
}

function slow(seconds: number, other: Partial<SlowDigest> = {}): SlowDigest {
  const identity = { hostgroup: '20', schema: 'shop', user: 'app', clientAddress: '', digest: '0x1' };
  return { id: 'b', identity, text: undefined, durationUs: seconds * 1e6, isExact: true, ...other };
}

const explain = (digests: readonly SlowDigest[], sightings: readonly Sighting[], toS = 60) =>
  explainSightings(digests, sightings, ({ text }) => text, T0 + toS * 1_000);

describe('a statement that was seen running', () => {
  test('is the slow digest of its user, schema and hostgroup whose duration fits', () => {
    const [digest, sighting] = [slow(3.2), seen(10, 12, 14)];
    const { bySlow, unexplained, waiting } = explain([digest], [sighting]);
    expect(bySlow.get(digest)).toBe(sighting);
    expect([unexplained, waiting]).toEqual([[], []]);
  });

  test.each([
    ['was shorter than what was seen', slow(1.2)],
    ['would have ended long after it was gone', slow(9)],
    ['ran elsewhere', slow(3.2, { identity: { ...slow(1).identity, hostgroup: '10' } })],
    ['was run by another user', slow(3.2, { identity: { ...slow(1).identity, user: 'batch' } })],
    ['was run by another client', slow(3.2, { identity: { ...slow(1).identity, clientAddress: '10.0.0.1' } })],
    ['is of another kind', slow(3.2, { text: 'UPDATE t SET a = ?' })],
    ['tells a mean only', slow(3.2, { isExact: false })],
  ])('is not a digest that %s', (_what, digest) => {
    const sighting = seen(10, 12, 14, { clientAddress: '10.0.0.9' });
    const { bySlow, unexplained } = explain([digest], [sighting]);
    expect(bySlow.size).toBe(0);
    expect(unexplained).toEqual([sighting]);
  });

  test('may be a digest with another text once it has ended, as texts are normalised in several ways', () => {
    const digest = slow(3.2, { text: 'SELECT a' });
    expect(explain([digest], [seen(10, 12, 14)]).bySlow.size).toBe(1);
    expect(explain([digest], [seen(56, 58)]).bySlow.size).toBe(0);
  });

  test('may have begun earlier than a quiet thread said', () => {
    expect(explain([slow(5.1)], [seen(10, 12, 13.2)]).bySlow.size).toBe(1);
  });

  test('is the digest with its text, if several would fit', () => {
    const sleep = slow(3.3, { text: 'SELECT SLEEP(?)' });
    const other = slow(3.2, { text: 'SELECT a FROM t WHERE b IN (?,?,...)' });
    const [one, two] = [seen(10, 12, 14), seen(10, 12, 14, { text: 'SELECT a FROM t WHERE b IN (?+)' })];
    const { bySlow } = explain([other, sleep], [one, two]);
    expect([bySlow.get(sleep), bySlow.get(other)]).toEqual([one, two]);
  });

  test('explains a mean when it has its text', () => {
    expect(explain([slow(1.4, { isExact: false, text: 'select sleep(?)' })], [seen(10, 12, 14)]).bySlow.size).toBe(1);
  });

  test('is one digest at most, and a digest one statement', () => {
    const { bySlow, unexplained } = explain([slow(3.2)], [seen(10, 12, 14), seen(10.1, 12.1, 14.1)]);
    expect(bySlow.size).toBe(1);
    expect(unexplained).toHaveLength(1);
    expect(explain([slow(3.2), slow(3.3)], [seen(10, 12, 14)]).bySlow.size).toBe(1);
  });

  test('may have ended since the last sample', () => {
    expect(explain([slow(8)], [seen(50, 54)]).bySlow.size).toBe(1);
  });

  test('waits while it may be running, or ended too late for this read', () => {
    const sightings = [seen(50, 54), seen(50, 58, 59.8)];
    expect(explain([], sightings)).toMatchObject({ unexplained: [], waiting: sightings });
  });
});
