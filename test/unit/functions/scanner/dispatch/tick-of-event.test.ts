import { describe, expect, test } from '@jest/globals';
import { tickOfEvent } from '../../../../../functions/scanner/dispatch/tick-of-event.ts';

const TICK_MS = 60_000;
const at = (time: string) => Date.parse(time);
const tickOf = (event: unknown, now: string) => new Date(tickOfEvent(event, at(now), TICK_MS)).toISOString();

describe('the tick of an event', () => {
  test.each([
    ['of our schedule', { scheduledTime: '2026-11-05T10:07:00Z' }],
    ['of a rule', { source: 'aws.events', time: '2026-11-05T10:07:00Z' }],
    ['without a time', {}],
    ['with a time that is none', { scheduledTime: 'soon' }],
    ['that is nothing', null],
    ['that is text', 'now'],
  ])('%s is that of its minute', (_, event) => {
    expect(tickOf(event, '2026-11-05T10:07:02.500Z')).toBe('2026-11-05T10:07:00.000Z');
  });

  test('that comes late is the newest one', () => {
    expect(tickOf({ scheduledTime: '2026-11-05T10:07:00Z' }, '2026-11-05T10:09:30Z')).toBe('2026-11-05T10:09:00.000Z');
  });

  test('that comes too early for our clock is its own', () => {
    expect(tickOf({ scheduledTime: '2026-11-05T10:07:00Z' }, '2026-11-05T10:06:59.900Z')).toBe(
      '2026-11-05T10:07:00.000Z',
    );
  });

  test('that names a time far ahead is that of our clock', () => {
    expect(tickOf({ scheduledTime: '2027-11-05T10:07:00Z' }, '2026-11-05T10:07:10Z')).toBe('2026-11-05T10:07:00.000Z');
  });
});
