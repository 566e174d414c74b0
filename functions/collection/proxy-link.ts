import {
  afterFailure,
  afterSuccess,
  type Breaker,
  type BreakerPolicy,
  CLOSED_BREAKER,
  tryThrough,
  waitMs,
} from '@proxywatch/core/domain/breaker';
import { type ErrorCode, isProxywatchError, ProxywatchError } from '@proxywatch/core/domain/errors';
import type { Credential, RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { CredentialSource } from '@proxywatch/core/ports/credential-source';
import type { ProxyDriver, ProxySession } from '@proxywatch/core/ports/proxy-driver';
import { bounded } from './bounded.ts';
import type { Clock } from './clock.ts';

export interface ProxyLinkOptions {
  readonly proxy: RegisteredProxy;
  readonly driver: ProxyDriver;
  readonly credentials: CredentialSource;
  readonly connectTimeoutMs: number;
  readonly clock: Clock;
}

/**
 * Three failures in a row, then pauses of up to 15 s: short enough that a proxy that came back is seen within a scrape or
 * two, long enough that a dead one is not dialled by every scrape of everybody.
 */
const BREAKER: BreakerPolicy = { failureThreshold: 3, baseMs: 2_000, maxMs: 15_000, trialMs: 30_000 };

/** The one connection to a proxy: opened when it is needed, given up at the first failure, not sought while it is hopeless. */
export class ProxyLink {
  readonly #options: ProxyLinkOptions;
  #session: ProxySession | undefined;
  #breaker: Breaker = CLOSED_BREAKER;
  /** Why the latest attempt failed. */
  #fault: ProxywatchError | undefined;

  constructor(options: ProxyLinkOptions) {
    this.#options = options;
  }

  /** The connection as it is now, if there is one. */
  get session(): ProxySession | undefined {
    return this.#session?.closed === false ? this.#session : undefined;
  }

  /** Runs `use` on the connection. Rejects with PROXY_* errors, at once while the breaker is open. */
  async run<T>(use: (session: ProxySession) => Promise<T>, signal: AbortSignal): Promise<T> {
    const { clock } = this.#options;
    const attempt = tryThrough(this.#breaker, BREAKER, clock.nowMs());
    if (!attempt.allowed) throw this.#refusal();
    this.#breaker = attempt.breaker;
    try {
      const result = await use(await this.#connected(signal));
      this.#breaker = afterSuccess();
      this.#fault = undefined;
      return result;
    } catch (error) {
      const isFault = isProxywatchError(error) && FAULTS.includes(error.code);
      this.#fault = isFault ? error : undefined;
      this.#breaker = isFault ? afterFailure(this.#breaker, BREAKER, clock.nowMs(), clock.random()) : afterSuccess();
      throw error;
    }
  }

  /** The failure that opened the breaker, told again, so that nobody has to look for the reason. */
  #refusal(): ProxywatchError {
    const { code = 'PROXY_UNREACHABLE', message = 'it failed' } = this.#fault ?? {};
    const waitS = Math.ceil(waitMs(this.#breaker, this.#options.clock.nowMs()) / 1000);
    const told = `${message} (${this.#breaker.failures} failures in a row, next attempt in ${waitS} s)`;
    return new ProxywatchError(code, told, { cause: this.#fault });
  }

  async close(): Promise<void> {
    await this.#session?.close();
    this.#session = undefined;
  }

  async #connected(signal: AbortSignal): Promise<ProxySession> {
    if (this.session) return this.session;
    const { proxy, driver, connectTimeoutMs } = this.#options;
    const credential = await this.#fetchCredential(signal);
    this.#session = await driver.connect(proxy, credential, { timeoutMs: connectTimeoutMs, signal });
    return this.#session;
  }

  #fetchCredential(signal: AbortSignal): Promise<Credential> {
    const { proxy, credentials, connectTimeoutMs } = this.#options;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(connectTimeoutMs)]);
    const what = `the credential of ${proxy.id}`;
    return bounded(credentials.fetchCredential(proxy.statsCredentialRef, limit), limit, {
      code: 'SERVICE_UNREACHABLE',
      what,
    });
  }
}

/** A statement that the proxy refuses, or a credential that is not there, is no reason to stay away from it. */
const FAULTS: readonly ErrorCode[] = ['PROXY_UNREACHABLE', 'PROXY_ACCESS_DENIED', 'PROXY_TIMEOUT', 'PROXY_PROTOCOL'];
