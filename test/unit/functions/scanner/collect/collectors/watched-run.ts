import type { Processlist, ProxySessionState } from '@proxywatch/core/domain/processlist';
import type { CollectorName } from '@proxywatch/core/domain/scan/collectors';
import type { ScanRecord } from '@proxywatch/core/domain/scan/scan-record';
import type { Log, LogFields } from '@proxywatch/core/ports/log';
import type { ProxySession } from '@proxywatch/core/ports/proxy-driver';
import type {
  CollectContext,
  Collector,
  CollectSettings,
  DigestRound,
  Found,
} from '../../../../../../functions/scanner/collect/collect-context.ts';
import { PROXY } from '../../../../../support/fake-proxy.ts';

/** When every test begins, epoch milliseconds. */
export const T0 = 1_800_000_000_000;

const SETTINGS: CollectSettings = {
  slowSqlMs: 1_000,
  slowTransactionMs: 5_000,
  showLiterals: false,
  sampleMs: 2_000,
  sqlStatsTopN: 200,
  maxRecords: 1_000,
};

/** What a run is given: samples and rounds in their order, or a failure in the place of one. */
export type Step =
  | { readonly sample: Processlist; readonly atMs: number }
  | { readonly round: DigestRound }
  | { readonly fail: unknown };

/** Runs of a collector that watches, with a store that keeps its state and records from one run to the next. */
export class WatchedRuns<R extends ScanRecord> {
  state: string | undefined;
  commits = 0;
  readonly records: R[] = [];
  /** Events of the log with their fields. */
  readonly said: [string, LogFields | undefined][] = [];
  settings: CollectSettings;
  session: Partial<ProxySession>;
  /** Called before each commit; what it throws rejects the commit. */
  beforeCommit: (found: Found) => void = () => undefined;
  readonly #collector: Collector;

  /** What the runs could not keep. */
  lost = 0;

  constructor(collector: Collector, settings: Partial<CollectSettings> = {}, session: Partial<ProxySession> = {}) {
    this.#collector = collector;
    this.settings = { ...SETTINGS, ...settings };
    this.session = session;
  }

  /** One run that is shown all steps; resolves or rejects as the collector does. */
  async run(...steps: readonly Step[]): Promise<void> {
    const observers: ((round: DigestRound) => Promise<void>)[] = [];
    const note: Log['info'] = (event, fields) => void this.said.push([event, fields]);
    const context: CollectContext = {
      proxy: PROXY,
      session: { capabilities: { digests: true, queryEvents: false }, ...this.session } as ProxySession,
      settings: this.settings,
      state: this.state,
      clock: { nowMs: () => 0, wallMs: () => T0 },
      windowEndMs: T0,
      signal: new AbortController().signal,
      log: { info: note, warn: note, error: note },
      token: '1',
      commit: async (found) => this.#commit(found),
      commitWith: () => Promise.reject(new Error('not used')),
      observeDigests: (observe) => void observers.push(observe),
      tellDigests: () => Promise.reject(new Error('not used')),
      fetchChecksums: () => Promise.reject(new Error('not used')),
      count: ({ dropped = 0, truncated = 0 }) => {
        this.lost += dropped + truncated;
      },
      watchProcesslist: async (observe) => {
        for (const step of steps) {
          if ('fail' in step) throw step.fail;
          if ('sample' in step) await observe(step.sample, step.atMs);
          else for (const tell of observers) await tell(step.round);
        }
      },
    };
    await this.#collector.collect(context);
  }

  get name(): CollectorName {
    return this.#collector.name;
  }

  #commit(found: Found): void {
    this.beforeCommit(found);
    this.commits++;
    this.state = found.state ?? this.state;
    this.records.push(...(found.records as readonly R[]));
  }
}

/** A sample, so many seconds after the test began. */
export function sampleOf(s: number, sessions: readonly ProxySessionState[], told: Partial<Processlist> = {}): Step {
  const clocks = { uptimeS: Math.floor(3_600 + s), proxyNowS: Math.floor(T0 / 1_000 + s) };
  return { sample: { ...clocks, tellsTransactions: true, isCut: false, sessions, ...told }, atMs: T0 + s * 1_000 };
}

export function sessionOf(other: Partial<ProxySessionState> = {}): ProxySessionState {
  return {
    sessionId: '7',
    user: 'app',
    schema: 'shop',
    clientAddress: '10.0.0.9',
    hostgroup: '10',
    server: 'db1:3306',
    command: 'Sleep',
    timeMs: 0,
    isStatementCut: false,
    ...other,
  };
}
