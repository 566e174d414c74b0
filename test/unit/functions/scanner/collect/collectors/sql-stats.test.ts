import { beforeEach, describe, expect, test } from '@jest/globals';
import type { ScanRecord, SqlStatsRecord } from '@proxywatch/core/domain/scan/scan-record';
import type { PendingBatch } from '@proxywatch/core/ports/scan-store';
import type { ReadGate } from '../../../../../../functions/collection/read-gate.ts';
import type { CollectContext, DigestRound } from '../../../../../../functions/scanner/collect/collect-context.ts';
import { createSqlStatsCollector } from '../../../../../../functions/scanner/collect/collectors/sql-stats.ts';
import { FakeProxy, PROXY } from '../../../../../support/fake-proxy.ts';
import { FakeStore, unavailable } from '../../../../../support/fake-store.ts';
import { CLOCK, createTestLog } from '../../../gateway/test-worker.ts';

const SETTINGS = {
  slowSqlMs: 1_000,
  slowTransactionMs: 5_000,
  showLiterals: false,
  sampleMs: 2_000,
  sqlStatsTopN: 2,
  maxRecords: 1_000,
};

let proxy: FakeProxy;
let store: FakeStore;
let delivered: SqlStatsRecord[];
let rounds: DigestRound[];
let observe: (round: DigestRound) => Promise<void>;
let log: ReturnType<typeof createTestLog>;
beforeEach(() => {
  proxy = new FakeProxy();
  store = new FakeStore();
  delivered = [];
  rounds = [];
  log = createTestLog();
  observe = async (round) => void rounds.push(round);
});

/** One run of the collector, as a process of its own would do it. What the store took over beside the batch is delivered. */
async function run(gate?: ReadGate): Promise<void> {
  const token = await store.claim(PROXY.id);
  let beside: PendingBatch | undefined;
  const collector = createSqlStatsCollector({
    histories: (_token, batch) => ({
      ...boundTo(store),
      claim: async () => token,
      save: async (id, write) => {
        beside = batch();
        const saved = await store.save(id, write);
        for (const record of beside?.batch.records ?? []) delivered.push(record as SqlStatsRecord);
        return saved;
      },
    }),
    clock: CLOCK,
    retentionS: 86_400,
    ...(gate && { gate }),
  });
  await collector.collect(await contextOf(token));
}

async function contextOf(token: string): Promise<CollectContext> {
  const commitWith = async (
    records: readonly ScanRecord[],
    persist: (batch: PendingBatch | undefined) => Promise<void>,
  ) => {
    const batch = {
      id: 'b',
      proxy: PROXY.id,
      namespace: 'test',
      collector: 'sqlStats',
      observedAtMs: 1,
      records,
    } as const;
    return persist(records.length === 0 ? undefined : { batch, pending: ['dcdb'] });
  };
  return {
    proxy: PROXY,
    session: await proxy.connect(PROXY, { user: 'stats', password: 'stats' }),
    settings: SETTINGS,
    state: undefined,
    clock: CLOCK,
    windowEndMs: 0,
    signal: AbortSignal.timeout(10_000),
    log,
    token,
    commit: async () => undefined,
    commitWith,
    watchProcesslist: async () => undefined,
    observeDigests: () => undefined,
    tellDigests: (round) => observe(round),
    count: () => undefined,
    fetchChecksums: async () => undefined,
  };
}

/** The methods of the store's class, as properties. */
function boundTo(target: FakeStore) {
  return {
    traffic: target.traffic,
    load: target.load.bind(target),
    fetchRows: target.fetchRows.bind(target),
    sweepRows: target.sweepRows.bind(target),
    setAside: target.setAside.bind(target),
    forget: target.forget.bind(target),
  };
}

const executionsOf = (records: readonly SqlStatsRecord[]) =>
  records.map(({ digest, executions }) => [digest?.digest ?? 'rest', executions]);

describe('statistics of a proxy', () => {
  test('begin at its first sight, of which nothing is told', async () => {
    proxy.executions.set('0x1', 100);
    await run();
    expect(delivered).toEqual([]);
    expect(rounds).toMatchObject([{ fromMs: undefined, verdict: 'begun' }]);
    await run();
    expect(log.events).toEqual(['statistics begin with this read']);
  });

  test('are what ran between two runs, the rest in one', async () => {
    for (const digest of ['0x1', '0x2', '0x3']) proxy.executions.set(digest, 100);
    await run();
    proxy.executions.set('0x1', 130).set('0x2', 110).set('0x3', 101);
    await run();
    expect(executionsOf(delivered)).toEqual([
      ['0x1', 30],
      ['0x2', 10],
      ['rest', 1],
    ]);
    expect(delivered[0]!.fromMs).toBeLessThanOrEqual(delivered[0]!.toMs);
  });

  test('read changed rows only, but for the first time', async () => {
    proxy.executions.set('0x1', 100);
    await run();
    await run();
    expect(store.calls).toContain('fetchRows');
    expect(store.writes.map(({ batch }) => batch.replaces)).toEqual(['everything', 'nothing']);
  });

  test('count a restarted proxy in full, once', async () => {
    proxy.executions.set('0x1', 100);
    await run();
    proxy.uptimeS = 30;
    proxy.executions.set('0x1', 7);
    await run();
    await run();
    expect(executionsOf(delivered)).toEqual([['0x1', 7]]);
    expect(rounds.map(({ verdict }) => verdict)).toEqual(['begun', 'reset', 'continued']);
  });
});

describe('a run that fails', () => {
  test('gives back its turn to read a whole table, as one that succeeds does', async () => {
    let [entered, inside] = [0, 0];
    const leave = () => void inside--;
    const gate: ReadGate = {
      async enter() {
        [entered, inside] = [entered + 1, inside + 1];
        return { arrived() {}, leave };
      },
    };
    const away = unavailable();
    observe = () => Promise.reject(away);
    await expect(run(gate)).rejects.toBe(away);
    expect({ entered, inside }).toEqual({ entered: 1, inside: 0 });
    observe = async () => undefined;
    await run(gate);
    expect({ entered, inside }).toEqual({ entered: 2, inside: 0 });
  });

  const begin = async () => {
    proxy.executions.set('0x1', 100);
    await run();
    proxy.executions.set('0x1', 130);
  };

  test('because the store is away is made up for by the next one', async () => {
    await begin();
    store.before = (call) => {
      if (call === 'save') throw unavailable();
    };
    await expect(run()).rejects.toThrow('the store is away');
    store.before = () => undefined;
    await run();
    expect(executionsOf(delivered)).toEqual([['0x1', 30]]);
  });

  test('because somebody who looks into the digests could not write shows them again', async () => {
    await begin();
    const look = observe;
    observe = async () => {
      throw unavailable();
    };
    await expect(run()).rejects.toThrow('the store is away');
    observe = look;
    await run();
    expect(rounds.at(-1)!.changes.map(({ by }) => by.executions)).toEqual([30]);
    expect(executionsOf(delivered)).toEqual([['0x1', 30]]);
  });

  test('because another run has the proxy writes nothing', async () => {
    await begin();
    const load = store.load.bind(store);
    store.load = async (id) => {
      const loaded = await load(id);
      await store.claim(id);
      return loaded;
    };
    await expect(run()).rejects.toMatchObject({ code: 'STORE_FENCED' });
    expect(delivered).toEqual([]);
  });
});
