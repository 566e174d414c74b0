import { describe, expect, test } from '@jest/globals';
import { isTooLarge, kafkaError } from '@proxywatch/core/drivers/kafka/kafka-error';

const answer = (type: string, cause?: unknown) => Object.assign(new Error(`broker: ${type}`), { type, cause });
const wrapped = (error: unknown) => new Error('retries exceeded', { cause: new Error('again', { cause: error }) });

describe('a failure of Kafka', () => {
  test.each([
    ['MESSAGE_TOO_LARGE', 'SINK_REFUSED'],
    ['INVALID_RECORD', 'SINK_REFUSED'],
    // What an operator may mend.
    ['UNKNOWN_TOPIC_OR_PARTITION', 'SINK_UNAVAILABLE'],
    ['TOPIC_AUTHORIZATION_FAILED', 'SINK_UNAVAILABLE'],
    ['SASL_AUTHENTICATION_FAILED', 'SINK_UNAVAILABLE'],
  ])('%s is %s, also when the client wrapped it', (type, code) => {
    expect(kafkaError(answer(type))).toMatchObject({ code, message: `kafka: ${type}: broker: ${type}` });
    expect(kafkaError(wrapped(answer(type)))).toMatchObject({ code, message: `kafka: ${type}: retries exceeded` });
  });

  test.each([[new TypeError('a mistake')], [new Error('connect ECONNREFUSED')], ['text'], [undefined]])(
    'that is no answer of a broker may pass: %p',
    (error) => {
      expect(kafkaError(error)).toMatchObject({ code: 'SINK_UNAVAILABLE', retryable: true });
      expect(isTooLarge(error)).toBe(false);
    },
  );

  test('that goes round in circles is judged nevertheless', () => {
    const circle: { message: string; cause?: unknown } = { message: 'round' };
    circle.cause = circle;
    expect(kafkaError(circle)).toMatchObject({ code: 'SINK_UNAVAILABLE', message: 'kafka: round' });
  });
});
