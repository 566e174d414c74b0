import type { Producer } from 'kafkajs';
import { untilAborted } from '../until-aborted.ts';
import { createKafkaClient, type KafkaClient, type KafkaClientOptions } from './kafka-client.ts';

/** How long connections may take to end in good order. */
const GOODBYE_MS = 1_000;

/** One life of a producer, from connecting to the end of its last use. */
interface Life {
  readonly client: Promise<KafkaClient>;
  readonly connected: Promise<Producer>;
  users: number;
  isOver: boolean;
}

/**
 * One producer for all writes of the process, over all invocations. It connects at its first use; after a failure the next
 * use begins with a new one, since kafkajs goes on with connections that are dead.
 */
export class KafkaProducer {
  readonly #options: KafkaClientOptions;
  readonly #lives = new Set<Life>();
  #current: Life | undefined;
  readonly #closing = new AbortController();

  constructor(options: KafkaClientOptions) {
    this.#options = options;
  }

  /** Rejects with what connecting or `use` rejects with, or with the signal's reason; `isHarmless` failures break nothing. */
  async use(
    use: (producer: Producer) => Promise<void>,
    signal: AbortSignal,
    isHarmless: (error: unknown) => boolean,
  ): Promise<void> {
    this.#closing.signal.throwIfAborted();
    const either = AbortSignal.any([signal, this.#closing.signal]);
    this.#current ??= this.#begin();
    const life = this.#current;
    life.users++;
    try {
      await untilAborted(use(await untilAborted(life.connected, either)), either);
    } catch (error) {
      if (!isHarmless(error)) this.#retire(life);
      throw error;
    } finally {
      life.users--;
      if (life.isOver && life.users === 0) void this.#end(life);
    }
  }

  /** Ends the connections; writes that are under way fail. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the producer is closed'));
    this.#current = undefined;
    await Promise.all([...this.#lives].map((life) => this.#end(life)));
  }

  #begin(): Life {
    const client = createKafkaClient(this.#options);
    const life: Life = { client, connected: client.then(connect), users: 0, isOver: false };
    life.connected.catch(() => undefined);
    this.#lives.add(life);
    return life;
  }

  #retire(life: Life): void {
    life.isOver = true;
    if (this.#current === life) this.#current = undefined;
  }

  async #end(life: Life): Promise<void> {
    this.#lives.delete(life);
    const goodbye = new AbortController();
    const timer = setTimeout(() => goodbye.abort(), GOODBYE_MS);
    // kafkajs waits for answers before it disconnects, and nobody knows when it is done with connecting.
    const disconnected = life.connected.then((producer) => producer.disconnect());
    await untilAborted(disconnected, goodbye.signal).catch(() => undefined);
    clearTimeout(timer);
    (await life.client).destroy();
  }
}

async function connect({ kafka }: KafkaClient): Promise<Producer> {
  const { Partitioners } = await import('kafkajs');
  // The partitioner of Java clients, named since kafkajs otherwise warns that it is not the one it used to have.
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  return producer;
}
