import { expect, test } from '@jest/globals';
import { requestsOf } from '@proxywatch/core/drivers/kafka/kafka-messages';
import { fc } from '../../../../../support/properties.ts';

test('requests hold all messages in their order, and are as few as their limit lets them be', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 100 }), { maxLength: 50 });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 200 }), (given, maxBytes) => {
      const messages = given.map((bytes, i) => ({ message: { value: `${i}` }, bytes }));
      const requests = [...requestsOf(messages, maxBytes)];
      expect(requests.flat()).toEqual(messages.map(({ message }) => message));
      const sizeOf = (request: readonly unknown[]) =>
        messages.filter(({ message }) => request.includes(message)).reduce((sum, { bytes }) => sum + bytes, 0);
      requests.forEach((request, i) => {
        expect(request.length === 1 || sizeOf(request) <= maxBytes).toBe(true);
        const next = requests[i + 1]?.[0];
        if (next) expect(sizeOf([...request, next])).toBeGreaterThan(maxBytes);
      });
    }),
  );
});
