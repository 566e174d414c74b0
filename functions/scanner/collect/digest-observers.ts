import { type ErrorCode, errorCodeOf } from '@proxywatch/core/domain/errors';
import { bounded } from '../../collection/bounded.ts';
import type { DigestRound } from './collect-context.ts';

type Observe = (round: DigestRound) => Promise<void>;

/** Failures after which the same round is worth being told again. */
const NOT_COMMITTED: readonly ErrorCode[] = ['STORE_UNAVAILABLE', 'STORE_FENCED', 'SINK_FULL', 'CANCELLED'];

/** Who looks into the digests that a run reads, before their history is saved. */
export class DigestObservers {
  readonly #observers: Observe[] = [];
  readonly #signal: AbortSignal;
  readonly #onFailure: (error: unknown) => void;

  constructor(signal: AbortSignal, onFailure: (error: unknown) => void) {
    this.#signal = signal;
    this.#onFailure = onFailure;
  }

  add(observe: Observe): void {
    this.#observers.push(observe);
  }

  /**
   * Resolves when all are done. Rejects when one could not commit what it found: the history must not be saved then. One that
   * fails in any other way would fail again, and must not keep the statistics back for ever.
   */
  async tell(round: DigestRound): Promise<void> {
    const told = this.#observers.map(async (observe) => observe(round));
    const outcomes = await bounded(Promise.allSettled(told), this.#signal, {
      code: 'CANCELLED',
      what: 'looking into the digests',
    });
    const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    for (const error of errors) this.#onFailure(error);
    const blocking = errors.find((error) => NOT_COMMITTED.some((code) => code === errorCodeOf(error)));
    if (blocking !== undefined) throw blocking;
  }
}
