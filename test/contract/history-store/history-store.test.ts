import { beforeEach, expect, test } from '@jest/globals';
import type { HistoryBatch } from '@proxywatch/core/domain/history/stored-history';
import type { HistoryStore, HistoryWrite } from '@proxywatch/core/ports/history-store';
import { createLeasedHistoryStore } from '../../support/leased-history-store.ts';
import { describeOnRedis, emptyRedis } from '../../support/redis-servers.ts';

// Keys may hold anything: those of errors are made of names that users choose.
const ODD_KEYS = ['10|73|75||0xA', '["x","y\\n\\"z\\u0000"]', 'emoji 🦊', 'a\0b', '', ' ', "'; FLUSHALL"];
const LARGE = 50_000;

const batchOf = (batch: Partial<HistoryBatch> = {}): HistoryBatch => ({
  replaces: 'nothing',
  meta: 'meta',
  rows: new Map(),
  deletedRows: [],
  deletedSeries: [],
  series: new Map(),
  errors: new Map(),
  ...batch,
});

describeOnRedis('a store of histories', (where) => {
  let store: HistoryStore;
  beforeEach(() => {
    store = createLeasedHistoryStore(where().redis);
  });

  const write = (token: string, revision: string | undefined, batch: Partial<HistoryBatch>, readAgeMs = 0) =>
    ({ token, revision, readAgeMs, batch: batchOf(batch) }) satisfies HistoryWrite;

  /** Claims the history and writes a first state of it. */
  async function begin(batch: Partial<HistoryBatch> = {}): Promise<{ token: string; revision: string }> {
    const token = await store.claim('p');
    return { token, revision: await revisionOf(write(token, undefined, { replaces: 'everything', ...batch })) };
  }

  async function revisionOf(given: HistoryWrite): Promise<string> {
    const saved = await store.save('p', given);
    if (saved.kind !== 'saved') throw new Error('lost');
    return saved.revision;
  }

  /** Rows as the store holds them, asked for one by one. */
  async function rowsOf(state: { token: string; revision: string }, keys: readonly string[]) {
    const fetched = await store.fetchRows('p', state, keys);
    if (fetched.kind === 'lost') throw new Error('lost');
    return new Map(keys.flatMap((key, i) => (fetched.records[i] === undefined ? [] : [[key, fetched.records[i]]])));
  }

  test('says that there is no history, claimed or not', async () => {
    expect(await store.load('p')).toBeUndefined();
    await store.claim('p');
    expect(await store.load('p')).toBeUndefined();
  });

  test('gives back what was written, whatever the keys and records are', async () => {
    const records = new Map(ODD_KEYS.map((key, i) => [key, `1;${i};ö "\\\n\0🦊`]));
    const state = await begin({ meta: 'of all', rows: records, series: records, errors: records });
    expect(await store.load('p')).toEqual({
      meta: 'of all',
      metaCopy: 'of all',
      revision: state.revision,
      ageMs: expect.any(Number),
      storedRows: ODD_KEYS.length,
      series: records,
      errors: records,
      missing: { rows: 0, series: 0, errors: 0 },
    });
    expect(await rowsOf(state, ['no such row', ...ODD_KEYS])).toEqual(records);
  });

  test('keeps the histories of proxies apart, however they are called', async () => {
    for (const id of ['a', 'a}', '{a}', 'a:rows', 'ü/1']) {
      const token = await store.claim(id);
      await store.save(id, write(token, undefined, { replaces: 'everything', meta: `of ${id}` }));
    }
    for (const id of ['a', 'a}', '{a}', 'a:rows', 'ü/1'])
      expect(await store.load(id)).toMatchObject({ meta: `of ${id}` });
  });

  test('changes what a batch brings, deletes what it names, and leaves the rest', async () => {
    const { token, revision } = await begin({
      rows: new Map([...'abc'].map((key) => [key, '1'])),
      series: new Map(['gone', 'kept', 'c'].map((key) => [key, '1'])),
      errors: new Map([['e', '1']]),
    });
    const batch = {
      meta: 'new',
      rows: new Map([
        ['a', '2'],
        ['d', '2'],
      ]),
      deletedRows: ['b'],
      series: new Map([['s', '2']]),
      deletedSeries: ['gone', 'never there', 'b'],
    };
    const state = { token, revision: await revisionOf(write(token, revision, batch)) };
    expect(Object.fromEntries(await rowsOf(state, [...'abcd']))).toEqual({ a: '2', c: '1', d: '2' });
    expect(await store.load('p')).toMatchObject({
      meta: 'new',
      storedRows: 3,
      series: new Map([
        ['kept', '1'],
        ['c', '1'],
        ['s', '2'],
      ]),
      errors: new Map([['e', '1']]),
      missing: { rows: 0, series: 0, errors: 0 },
    });
    await revisionOf(write(token, state.revision, { deletedSeries: ['kept', 'c', 's'] }));
    expect(await store.load('p')).toMatchObject({ series: new Map(), missing: { series: 0 } });
  });

  test.each([
    ['rows', { rows: ['new'], series: ['new', 'old'], errors: ['old'] }],
    ['everything', { rows: ['new'], series: ['new'], errors: [] }],
  ] as const)('replaces %s', async (replaces, expected) => {
    const old = new Map([['old', '1']]);
    const fresh = new Map([['new', '2']]);
    const { token, revision } = await begin({ rows: old, series: old, errors: old });
    const state = {
      token,
      revision: await revisionOf(write(token, revision, { replaces, rows: fresh, series: fresh })),
    };
    const { series, errors } = (await store.load('p'))!;
    const rows = await rowsOf(state, ['old', 'new']);
    const keys = { rows: [...rows.keys()], series: [...series.keys()].sort(), errors: [...errors.keys()] };
    expect(keys).toEqual(expected);
  });

  test('refuses the batch of a former writer, which changes nothing', async () => {
    const former = await begin({ meta: 'before', rows: new Map([['a', '1']]) });
    const token = await store.claim('p');
    for (const replaces of ['nothing', 'rows', 'everything'] as const) {
      const late = write(former.token, former.revision, { replaces, meta: 'late', rows: new Map([['a', '2']]) });
      await expect(store.save('p', late)).rejects.toMatchObject({ code: 'STORE_FENCED' });
    }
    expect(await store.load('p')).toMatchObject({
      meta: 'before',
      revision: former.revision,
    });
    expect(await rowsOf({ token, revision: former.revision }, ['a'])).toEqual(new Map([['a', '1']]));
    await revisionOf(write(token, former.revision, { meta: 'after' }));
  });

  test('tells that it lost what a batch is based on, and writes nothing of it', async () => {
    const { token, revision } = await begin();
    const newer = await revisionOf(write(token, revision, { meta: 'newer' }));
    expect(newer > revision).toBe(true);
    const newest = await revisionOf(write(token, newer, { meta: 'newest' }));
    expect(await store.save('p', write(token, revision, { meta: 'on the old state' }))).toEqual({ kind: 'lost' });
    expect(await store.save('p', write(token, undefined, { meta: 'on nothing' }))).toEqual({ kind: 'lost' });
    expect(await store.load('p')).toMatchObject({ meta: 'newest', revision: newest });
  });

  test('takes a batch once more whose answer did not arrive, and gives rows of that state', async () => {
    const { token, revision } = await begin();
    await revisionOf(write(token, revision, { rows: new Map([['a', '1']]) }));
    const rows = new Map([
      ['a', '1'],
      ['b', '2'],
    ]);
    expect(await rowsOf({ token, revision }, ['a'])).toEqual(new Map([['a', '1']]));
    const last = await revisionOf(write(token, revision, { rows }));
    expect(await rowsOf({ token, revision: last }, ['a', 'b'])).toEqual(rows);
  });

  test('gives no rows to a former writer, nor of a state that it does not hold', async () => {
    const former = await begin({ rows: new Map([['a', '1']]) });
    const token = await store.claim('p');
    await expect(store.fetchRows('p', former, ['a'])).rejects.toMatchObject({ code: 'STORE_FENCED' });
    expect(await store.fetchRows('p', { token, revision: '1' }, ['a'])).toEqual({ kind: 'lost' });
    await emptyRedis(where().redis);
    expect(await store.fetchRows('p', { ...former, token }, ['a'])).toEqual({ kind: 'lost' });
  });

  test('sweeps rows that nobody touched, sets those aside that it cannot read, and still holds all it says', async () => {
    const record = (touchedS: number) => `2;1,2,3,4,5,${touchedS.toString(36)};0`;
    const damaged = ['x', `1${record(900).slice(1)}`, '2;1,2,3,4,5,;0'];
    const rows = new Map<string, string>([10, 99, 100, 900].map((s) => [`${s}`, record(s)]));
    for (const [i, bad] of damaged.entries()) rows.set(`bad ${i}`, bad);
    const state = await begin({ rows });
    const swept = await store.sweepRows('p', state.token, { cursor: '0', touchedBeforeS: 100 });
    expect(swept.cursor).toBe('0');
    expect([...swept.dropped].sort()).toEqual(['10', '99']);
    expect([...swept.damaged].sort()).toEqual(['bad 0', 'bad 1', 'bad 2']);
    expect([...(await rowsOf(state, [...rows.keys()])).keys()]).toEqual(['100', '900']);
    expect(await store.load('p')).toMatchObject({ storedRows: 2, missing: { rows: 0 } });
    expect(await where().redis.call('HGET', ['{pw:p}:quarantine', 'row:bad 0'])).toBe('x');
    await revisionOf(write(state.token, state.revision, {}));
  });

  test('sweeps nothing for a former writer', async () => {
    const former = await begin({ rows: new Map([['a', 'x']]) });
    await store.claim('p');
    const sweep = store.sweepRows('p', former.token, { cursor: '0', touchedBeforeS: 100 });
    await expect(sweep).rejects.toMatchObject({ code: 'STORE_FENCED' });
    expect(await store.load('p')).toMatchObject({ storedRows: 1 });
  });

  test('keeps some hundreds of damaged records, the beginning of each', async () => {
    const { token } = await begin();
    const many = (prefix: string) =>
      new Map(Array.from({ length: 400 }, (_, i) => [`${prefix}:${i}`, 'x'.repeat(10_000)]));
    await store.setAside('p', token, many('row'));
    await store.setAside('p', token, many('series'));
    expect(await where().redis.call('HLEN', ['{pw:p}:quarantine'])).toBe(500);
    expect(await where().redis.call('HSTRLEN', ['{pw:p}:quarantine', 'row:0'])).toBe(4_096);
  });

  test('forgets a retired proxy, and goes on refusing its former writers', async () => {
    const former = await begin({ rows: new Map([['a', '1']]) });
    const token = await store.claim('p');
    await expect(store.forget('p', former.token)).rejects.toMatchObject({ code: 'STORE_FENCED' });
    await store.forget('p', token);
    const left = (await where().redis.call('KEYS', ['{pw:p}:*'])) as string[];
    expect(left.toSorted()).toEqual(['{pw:p}:fence', '{pw:p}:lease']);
    const late = write(former.token, undefined, { replaces: 'everything' });
    await expect(store.save('p', late)).rejects.toMatchObject({ code: 'STORE_FENCED' });
  });

  test('counts what it exchanges with Redis', async () => {
    const { token, revision } = await begin({ rows: new Map([['a', 'x'.repeat(1_000)]]) });
    await rowsOf({ token, revision }, ['a']);
    expect(store.traffic.get('save')?.calls).toBe(1);
    expect(store.traffic.get('save')?.sentBytes).toBeGreaterThan(1_000);
    expect(store.traffic.get('fetch-rows')?.receivedBytes).toBeGreaterThan(1_000);
  });

  test('tells that it came back empty, to batches of everything too', async () => {
    const { token, revision } = await begin();
    await emptyRedis(where().redis);
    for (const replaces of ['nothing', 'everything'] as const) {
      expect(await store.save('p', write(token, revision, { replaces }))).toEqual({ kind: 'lost' });
    }
    expect(await store.load('p')).toBeUndefined();
  });

  test('does not take an older state of itself for another writer', async () => {
    await begin({ meta: 'old' });
    const old = await where().redis.call('DUMP', ['{pw:p}:fence'], { binary: true });
    const token = await store.claim('p');
    const revision = await revisionOf(write(token, undefined, { replaces: 'everything', meta: 'new' }));
    await where().redis.call('RESTORE', ['{pw:p}:fence', 0, old as Buffer, 'REPLACE']);
    expect(await store.save('p', write(token, revision, {}))).toEqual({ kind: 'lost' });
  });

  test('notices that a part was evicted, when it is written to and when it is loaded', async () => {
    const { token, revision } = await begin({ rows: new Map([['a', '1']]), series: new Map([['s', '1']]) });
    await where().redis.call('DEL', ['{pw:p}:rows']);
    expect(await store.load('p')).toMatchObject({ storedRows: 0, missing: { rows: 1, series: 0, errors: 0 } });
    expect(await store.save('p', write(token, revision, {}))).toEqual({ kind: 'lost' });
  });

  test('tells how old a read is, by its own clock', async () => {
    const { token, revision } = await begin();
    await revisionOf(write(token, revision, {}, 5_000));
    expect((await store.load('p'))?.ageMs).toBeGreaterThanOrEqual(5_000);
    expect((await store.load('p'))?.ageMs).toBeLessThan(65_000);
  });

  test(`takes and gives ${LARGE} rows at once, and lets others have their turn meanwhile`, async () => {
    const rows = new Map(Array.from({ length: LARGE }, (_, i) => [`10|73686F70|617070||0x${i}`, `1;${i},2,3,4;${i}`]));
    const state = await begin({ rows });
    let turns = 0;
    const counting = setInterval(() => turns++, 1);
    const fetched = await rowsOf(state, [...rows.keys()]);
    clearInterval(counting);
    expect(fetched).toEqual(rows);
    expect(turns).toBeGreaterThan(LARGE / 10_000);
  });
});
