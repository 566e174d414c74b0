import { describe, expect, test } from '@jest/globals';
import { encodeEvent } from '@proxywatch/core/drivers/kafka/wire/encode-event';
import { fc } from '../../../../../../support/properties.ts';

const base = { eventId: 'e'.repeat(32), schema: 'proxywatch.slow-sql.v1', proxy: 'p', namespace: 'n', observedAt: 't' };
const bytesOf = (json: string) => Buffer.byteLength(json);

describe('an event as JSON', () => {
  test('is whole when it fits, to the byte', () => {
    const event = { ...base, text: 'x'.repeat(100) };
    const whole = JSON.stringify(event);
    expect(encodeEvent(event, bytesOf(whole))).toBe(whole);
    expect(JSON.parse(encodeEvent(event, bytesOf(whole) - 1))).toMatchObject({ isCut: true });
  });

  test('loses the end of its longest text, and keeps the others', () => {
    const event = { ...base, user: 'app', text: 'SELECT '.repeat(1_000), detail: { name: 'x'.repeat(500) } };
    const cut = JSON.parse(encodeEvent(event, 2_000));
    expect(cut).toEqual({ ...event, text: expect.any(String), isCut: true });
    expect(event.text.startsWith(cut.text)).toBe(true);
    expect(cut.text.length).toBeGreaterThan(1_000);
    expect(event.text).toHaveLength(7_000);
  });

  test('loses texts within it too, one after the other', () => {
    const event = {
      ...base,
      message: 'm'.repeat(1_000),
      detail: { before: 'b'.repeat(900), after: ['a'.repeat(800)] },
    };
    const json = encodeEvent(event, 300);
    expect(bytesOf(json)).toBeLessThanOrEqual(300);
    expect(JSON.parse(json).detail.after).toHaveLength(1);
  });

  test('is refused when no cut makes it small enough', () => {
    const numbers = { ...base, values: Array.from({ length: 1_000 }, (_, i) => i) };
    expect(() => encodeEvent(numbers, 1_000)).toThrow('cannot be cut to 1000: proxywatch.slow-sql.v1');
    const named = { ...base, proxy: 'p'.repeat(2_000), text: 'x' };
    expect(() => encodeEvent(named, 1_000)).toThrow(expect.objectContaining({ code: 'SINK_REFUSED' }));
  });

  test('fits whatever its texts hold, says so when it was cut, and never breaks a character', () => {
    const texts = fc.string({ unit: 'binary', maxLength: 2_000 });
    fc.assert(
      fc.property(texts, texts, fc.integer({ min: 400, max: 3_000 }), (text, message, maxBytes) => {
        const event = { ...base, text, message };
        const json = encodeEvent(event, maxBytes);
        const { isCut = false, ...shown } = JSON.parse(json);
        expect(bytesOf(json)).toBeLessThanOrEqual(maxBytes);
        expect(isCut).toBe(bytesOf(JSON.stringify(event)) > maxBytes);
        expect(shown).toMatchObject(base);
        for (const [name, given] of Object.entries({ text, message })) {
          expect(given.startsWith(shown[name])).toBe(true);
          if (given.isWellFormed()) expect(shown[name].isWellFormed()).toBe(true);
        }
      }),
    );
  });
});
