import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { ProxyCapabilities, ProxySession } from '@proxywatch/core/ports/proxy-driver';
import { bounded } from '../../collection/bounded.ts';
import type { ProxyLink } from '../../collection/proxy-link.ts';

/**
 * The session that the collectors of a run share: one connection, calls one after another. A call that fails takes the
 * connection with it, but not the calls behind it: the next one connects again, unless that has become hopeless. Calls for
 * the same page of the proxy that wait at the same time are one call.
 */
export class ProxyLine implements ProxySession {
  readonly #link: ProxyLink;
  readonly #signal: AbortSignal;
  readonly #shared = new Map<string, Promise<unknown>>();
  #last: Promise<void> = Promise.resolve();
  #capabilities: ProxyCapabilities | undefined;
  #isClosed = false;

  /** All calls end when `signal` aborts. */
  constructor(link: ProxyLink, signal: AbortSignal) {
    this.#link = link;
    this.#signal = signal;
  }

  get capabilities(): ProxyCapabilities {
    if (!this.#capabilities) throw new TypeError('a line has no capabilities before it is connected');
    return this.#capabilities;
  }

  get closed(): boolean {
    return this.#isClosed;
  }

  /** Rejects with PROXY_* or CREDENTIAL_MISSING. */
  async connect(): Promise<void> {
    await this.#call(async () => undefined);
  }

  fetchDigests: ProxySession['fetchDigests'] = (request, signal) =>
    this.#call((session, both) => session.fetchDigests(request, both), signal);

  fetchDigestTexts: ProxySession['fetchDigestTexts'] = (digests, signal) =>
    this.#call((session, both) => session.fetchDigestTexts(digests, both), signal);

  fetchStatus: ProxySession['fetchStatus'] = (signal) =>
    this.#callOnce('status', (session, both) => session.fetchStatus(both), signal);

  fetchState: ProxySession['fetchState'] = (signal) =>
    this.#callOnce('state', (session, both) => session.fetchState(both), signal);

  fetchProcesslist: ProxySession['fetchProcesslist'] = (signal) =>
    this.#call((session, both) => session.fetchProcesslist(both), signal);

  fetchErrorTotals: ProxySession['fetchErrorTotals'] = (signal) =>
    this.#call((session, both) => session.fetchErrorTotals(both), signal);

  fetchQueryEvents: ProxySession['fetchQueryEvents'] = (request, signal) =>
    this.#call((session, both) => session.fetchQueryEvents(request, both), signal);

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#link.close();
  }

  #callOnce<T>(page: string, use: Use<T>, signal: AbortSignal | undefined): Promise<T> {
    const running = this.#shared.get(page) as Promise<T> | undefined;
    if (running) return running;
    const call = this.#call(use, signal).finally(() => this.#shared.delete(page));
    this.#shared.set(page, call);
    return call;
  }

  async #call<T>(use: Use<T>, signal?: AbortSignal): Promise<T> {
    const both = signal && signal !== this.#signal ? AbortSignal.any([this.#signal, signal]) : this.#signal;
    const before = this.#last;
    const turn = Promise.withResolvers<void>();
    this.#last = turn.promise;
    try {
      await bounded(before, both, { code: 'CANCELLED', what: 'waiting for the connection' });
      if (this.#isClosed) throw new ProxywatchError('PROXY_UNREACHABLE', 'the session is closed');
      return await this.#link.run((session) => {
        this.#capabilities = session.capabilities;
        return use(session, both);
      }, both);
    } finally {
      // One that left early must not let the next one in beside the call that runs.
      void before.then(turn.resolve);
    }
  }
}

type Use<T> = (session: ProxySession, signal: AbortSignal) => Promise<T>;
