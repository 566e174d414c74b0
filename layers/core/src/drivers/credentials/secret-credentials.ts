import { parseCredentials } from '../../config/credentials-file.ts';
import { messageOf, ProxywatchError } from '../../domain/errors.ts';
import type { Credential } from '../../domain/proxy.ts';
import type { CredentialSource } from '../../ports/credential-source.ts';
import type { SecretSource } from '../../ports/secret-source.ts';
import { untilAborted } from '../until-aborted.ts';

export interface SecretCredentialsOptions {
  /** PROXY_CREDENTIALS_SECRETS: secrets of JSON, reference → {"user", "password"}. The first that has a reference is believed. */
  readonly arns: readonly string[];
  readonly secrets: SecretSource;
  /** Hears once of each failure to read a secret, while what was read before stays in use. */
  readonly onProblem?: (problem: string) => void;
  /** Epoch milliseconds. @default Date.now */
  readonly nowMs?: () => number;
}

/** So soon does a rotated password work. */
const REMEMBERED_MS = 60_000;
/** A proxy may be registered right after its credential: what is missing is asked for at once, but no more often than this. */
const PAUSE_MS = 3_000;

/** Credentials from secrets that are read again each minute, by those who need one. */
export function createSecretCredentials(options: SecretCredentialsOptions): CredentialSource {
  const { arns, secrets, onProblem, nowMs = Date.now } = options;
  const all = arns.map((arn) => createSecret(arn, secrets, nowMs, onProblem));
  const refresh = (maxAgeMs: number, signal: AbortSignal | undefined) =>
    untilAborted(Promise.all(all.map((secret) => secret.refresh(maxAgeMs))), signal);
  const find = (ref: string) => all.map((secret) => secret.find(ref)).find((found) => found !== undefined);

  return {
    async fetchCredential(ref, signal) {
      signal?.throwIfAborted();
      await refresh(REMEMBERED_MS, signal);
      if (find(ref) === undefined) await refresh(PAUSE_MS, signal);
      const credential = find(ref);
      if (credential !== undefined) return credential;
      const unread = all.find((secret) => secret.problem() !== undefined);
      if (unread !== undefined) throw unread.problem();
      throw new ProxywatchError('CREDENTIAL_MISSING', `no credential "${ref}" in ${arns.join(' and ')}`);
    },
  };
}

interface Secret {
  /** Asks for the secret when what is known of it is older. Never rejects. */
  refresh(maxAgeMs: number): Promise<void>;
  find(ref: string): Credential | undefined;
  /** Of the last attempt to read it. */
  problem(): unknown;
}

function createSecret(
  arn: string,
  secrets: SecretSource,
  nowMs: () => number,
  onProblem: ((problem: string) => void) | undefined,
): Secret {
  let known: ReadonlyMap<string, Credential> | undefined;
  let failure: unknown;
  let askedMs = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;

  async function ask(): Promise<void> {
    try {
      // One request for all that wait: it has a limit of its own, and goes on when one of them gives up.
      known = parseCredentials(await secrets.fetchSecret(arn), `secret ${arn}`);
      failure = undefined;
    } catch (error) {
      const isNews = failure === undefined || messageOf(failure) !== messageOf(error);
      failure = error;
      if (isNews) onProblem?.(messageOf(error));
    } finally {
      askedMs = nowMs();
      asking = undefined;
    }
  }

  return {
    async refresh(maxAgeMs) {
      const ageMs = nowMs() - askedMs;
      const limitMs = failure === undefined ? maxAgeMs : Math.min(maxAgeMs, PAUSE_MS);
      // A clock that was set back must not make anything last.
      if (asking === undefined && ageMs >= 0 && ageMs < limitMs) return;
      asking ??= ask();
      await asking;
    },
    find: (ref) => known?.get(ref),
    problem: () => failure,
  };
}
