import type { Credential } from '../../domain/proxy.ts';
import { type LoginOptions, type LoginOutcome, type LoginTarget, tryLogin } from './try-login.ts';

const AT_ONCE = 32;

export interface TriedLogin {
  readonly target: LoginTarget;
  readonly outcome: LoginOutcome;
}

/** Logs in to each of the servers, some at a time, in the order given; `timeoutMs` is for each of them. */
export async function tryLogins(
  targets: readonly LoginTarget[],
  credential: Credential,
  options: LoginOptions,
): Promise<readonly TriedLogin[]> {
  const tried: TriedLogin[] = [];
  // Workers that share one iterator.
  const queue = targets.entries();
  async function work(): Promise<void> {
    for (const [index, target] of queue)
      tried[index] = { target, outcome: await tryLogin(target, credential, options) };
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, targets.length) }, work));
  return tried;
}
