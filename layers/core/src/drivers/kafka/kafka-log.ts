import type { logCreator } from 'kafkajs';
import type { Log } from '../../ports/log.ts';

/** The client's levels, as kafkajs numbers them: nothing, errors, warnings. Beyond come requests and answers. */
const WARN = 2;
const DEBUG = 5;
const MAX_CHARACTERS = 300;
/** What a consumer of kafkajs says, at level debug, whenever it is asked for messages although it was stopped. */
export const STOPPED = 'consumer not running, exiting';

/**
 * What the Kafka client has to say, as warnings: it tells of each attempt, and whether a write failed for good says its
 * caller. Of what it adds nothing is taken over but the address and the error, since the rest may hold payloads.
 *
 * A consumer that is stopped just when it learns of other brokers goes on asking itself for messages, without ever waiting for
 * anything, so that the process does nothing else any more. It tells us each time, and our error is what ends it.
 */
export function kafkaLogOf(warn: Log['warn']): logCreator {
  return () =>
    ({ level, namespace, log: { message, broker, error } }) => {
      if (level === DEBUG && message === STOPPED) throw new Error('the consumer was stopped');
      // An environment variable of the client's own can raise its level.
      if (level > WARN) return;
      const fields = {
        part: namespace,
        message: shortened(message),
        broker: shortened(broker),
        error: shortened(error),
      };
      warn('kafka client', fields);
    };
}

function shortened(value: unknown): string | undefined {
  return typeof value === 'string' ? value.slice(0, MAX_CHARACTERS) : undefined;
}
