import {
  afterFailure,
  afterSuccess,
  type Breaker,
  type BreakerPolicy,
  CLOSED_BREAKER,
  tryThrough,
} from '../../domain/breaker.ts';
import { errorCodeOf, ProxywatchError } from '../../domain/errors.ts';

/** What is down is asked again after up to two seconds, then less and less often; meanwhile nobody waits for it. */
const POLICY: BreakerPolicy = {
  failureThreshold: 3,
  baseMs: 2_000,
  maxMs: 30_000,
  trialMs: 30_000,
};

export interface GuardOptions {
  /** Monotonic milliseconds. @default the process's clock */
  readonly nowMs?: () => number;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
}

/** Lets calls to a service through unless it was unreachable lately: those are refused at once, as it would be in the end. */
export type ServiceGuard = <T>(call: () => Promise<T>) => Promise<T>;

export function createServiceGuard(service: string, options: GuardOptions = {}): ServiceGuard {
  const { nowMs = () => performance.now(), random = Math.random } = options;
  let breaker: Breaker = CLOSED_BREAKER;
  return async (call) => {
    const leave = tryThrough(breaker, POLICY, nowMs());
    breaker = leave.breaker;
    if (!leave.allowed) {
      throw new ProxywatchError('SERVICE_UNREACHABLE', `${service} failed lately and is left alone for a moment`, {
        service,
      });
    }
    try {
      const answer = await call();
      breaker = afterSuccess();
      return answer;
    } catch (error) {
      const code = errorCodeOf(error);
      if (code === 'SERVICE_UNREACHABLE') breaker = afterFailure(breaker, POLICY, nowMs(), random());
      // Whatever it answered, it is there. A call that was given up says nothing.
      else if (code === 'UNPROCESSABLE' || code === 'SERVICE_REFUSED') breaker = afterSuccess();
      throw error;
    }
  };
}
