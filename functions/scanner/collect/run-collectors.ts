import { errorCodeOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { CollectorName } from '@proxywatch/core/domain/scan/collectors';
import { shapedRecords } from '@proxywatch/core/domain/scan/shape-records';
import type { ProxySession } from '@proxywatch/core/ports/proxy-driver';
import { bounded } from '../../collection/bounded.ts';
import { abortAfter, type Limit } from './abort-after.ts';
import type { CollectorReport } from './collect.ts';
import type { CollectContext } from './collect-context.ts';
import { DigestObservers } from './digest-observers.ts';
import { fetchChecksums } from './fetch-checksums.ts';
import { problemOf } from './problem-of.ts';
import { ProcesslistSampling } from './processlist-sampling.ts';
import type { LeasedRun } from './read-proxy.ts';

/** Runs collectors side by side over one session; what one cannot do does not concern the others. */
export function runCollectors(
  proxy: RegisteredProxy,
  names: readonly CollectorName[],
  session: ProxySession,
  run: LeasedRun,
  signal: AbortSignal,
): Promise<CollectorReport[]> {
  const { clock, windowEndMs, outbox, log, token } = run;
  const settings = run.settingsOf(proxy);
  const observers = new DigestObservers(signal, (error) =>
    log.warn('an observer of digests failed', { proxy: proxy.id, ...problemOf(error) }),
  );
  const sampling = new ProcesslistSampling({
    fetch: () => session.fetchProcesslist(signal),
    sampleMs: settings.sampleMs,
    windowEndMs,
    clock,
    signal,
    onMissed: (error) => log.warn('a sample was missed', { proxy: proxy.id, ...problemOf(error) }),
  });

  const contextOf = (name: CollectorName, signal: AbortSignal): CollectContext => ({
    proxy,
    session,
    settings,
    state: run.stored.states.get(name),
    clock,
    windowEndMs,
    signal,
    log,
    commit: ({ state, records }) => outbox.commit(name, { state, records: shapedRecords(records, settings) }),
    commitWith: (records, persist) => outbox.commitWith(name, records, persist),
    watchProcesslist: (observe) => sampling.watch(observe),
    observeDigests: (observe) => observers.add(observe),
    tellDigests: (round) => observers.tell(round),
    fetchChecksums: (limit) => fetchChecksums(proxy, run, limit),
    count: (losses) => run.ledger.count(name, losses),
    token,
  });

  async function runOne(name: CollectorName): Promise<CollectorReport> {
    const limit = limitOf(name);
    try {
      const collector = run.collectors.get(name);
      if (!collector) throw new ProxywatchError('PROXY_UNSUPPORTED', `there is no collector ${name}`);
      const collecting = collector.collect(contextOf(name, limit.signal));
      await bounded(collecting, limit.signal, { code: 'CANCELLED', what: name });
      return { name, records: outbox.recordsOf(name) };
    } catch (error) {
      const problem = problemOf(error);
      if (errorCodeOf(error) === 'STORE_FENCED') run.lost.abort(error);
      if (problem.code !== 'CANCELLED')
        log.warn('a collector failed', { proxy: proxy.id, collector: name, ...problem });
      return { name, records: outbox.recordsOf(name), problem };
    } finally {
      limit.clear();
    }
  }

  function limitOf(name: CollectorName): Pick<Limit, 'signal' | 'clear'> {
    const timeoutMs = proxy.monitoring?.collectors?.[name]?.timeoutMs;
    if (timeoutMs === undefined) return { signal, clear: () => undefined };
    const reason = new ProxywatchError('PROXY_TIMEOUT', `${name} took longer than ${timeoutMs} ms`);
    return abortAfter(timeoutMs, signal, reason);
  }

  // All begin before any goes on: who wants to observe has said so when the digests are read.
  return Promise.all(names.map((name) => run.ledger.timed(name, () => runOne(name))));
}
