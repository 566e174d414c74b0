import type { Message } from 'kafkajs';
import type { ScanRecord } from '../../domain/scan/scan-record.ts';
import { encodeEvent } from './wire/encode-event.ts';
import { wireEventOf } from './wire/wire-event.ts';

/** What Kafka and we put around a value: key, headers, lengths. */
const OVERHEAD_BYTES = 512;

export interface SizedMessage {
  readonly message: Message;
  readonly bytes: number;
}

/** Records of one proxy share a key, so they come in their order. Throws SINK_REFUSED for one that cannot be cut. */
export function messageOf(record: ScanRecord, maxBytes: number): SizedMessage {
  const event = wireEventOf(record);
  const value = encodeEvent(event, maxBytes - OVERHEAD_BYTES);
  const headers = { schema: event.schema, 'event-id': event.eventId };
  return { message: { key: event.proxy, value, headers }, bytes: Buffer.byteLength(value) + OVERHEAD_BYTES };
}

/** The messages in order, in requests of at most `maxBytes`. */
export function* requestsOf(messages: Iterable<SizedMessage>, maxBytes: number): Iterable<Message[]> {
  let request: Message[] = [];
  let sum = 0;
  for (const { message, bytes } of messages) {
    if (request.length > 0 && sum + bytes > maxBytes) {
      yield request;
      [request, sum] = [[], 0];
    }
    request.push(message);
    sum += bytes;
  }
  if (request.length > 0) yield request;
}
