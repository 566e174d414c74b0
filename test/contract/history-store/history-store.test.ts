import { beforeEach, expect, test } from '@jest/globals';
import type { HistoryBatch } from '@proxywatch/core/domain/history/stored-history';
import { createRedisHistoryStore } from '@proxywatch/core/drivers/history/redis-history-store';
import type { HistoryStore, HistoryWrite } from '@proxywatch/core/ports/history-store';
import { describeOnRedis, emptyRedis } from '../../support/redis-servers.ts';

// Keys may hold anything: those of errors are made of names that users choose.
const ODD_KEYS = ['10|73|75||0xA', '["x","y\\n\\"z\\u0000"]', 'emoji 🦊', 'a\0b', '', ' ', "'; FLUSHALL"];
const LARGE = 50_000;

const batchOf = (batch: Partial<HistoryBatch> = {}): HistoryBatch => ({
  replaces: 'nothing',
  meta: 'meta',
  rows: new Map(),
  deletedRows: [],
  series: new Map(),
  errors: new Map(),
  ...batch,
});

describeOnRedis('a store of histories', (where) => {
  let store: HistoryStore;
  beforeEach(() => {
    store = createRedisHistoryStore(where().redis);
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

  test('gives tokens that rise, after it came back empty too', async () => {
    const tokens = [
      await store.claim('p'),
      await store.claim('p'),
      await createRedisHistoryStore(where().redis).claim('p'),
    ];
    await emptyRedis(where().redis);
    tokens.push(await store.claim('p'), await store.claim('p'));
    expect(tokens).toEqual([...new Set(tokens)].sort());
  });

  test('gives tokens that rise when its clock was set back', async () => {
    const future = '2000000000000000';
    await where().redis.call('SET', ['{pw:p}:fence', future]);
    expect(await store.claim('p')).toBe('2000000000000001');
  });

  test('says that there is no history, claimed or not', async () => {
    expect(await store.load('p')).toBeUndefined();
    await store.claim('p');
    expect(await store.load('p')).toBeUndefined();
  });

  test('gives back what was written, whatever the keys and records are', async () => {
    const records = new Map(ODD_KEYS.map((key, i) => [key, `1;${i};ö "\\\n\0🦊`]));
    const { revision } = await begin({ meta: 'of all', rows: records, series: records, errors: records });
    expect(await store.load('p')).toEqual({
      meta: 'of all',
      revision,
      ageMs: expect.any(Number),
      rows: records,
      series: records,
      errors: records,
    });
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
    };
    await revisionOf(write(token, revision, batch));
    expect(await store.load('p')).toMatchObject({
      meta: 'new',
      rows: new Map([
        ['a', '2'],
        ['c', '1'],
        ['d', '2'],
      ]),
      series: new Map([['s', '2']]),
      errors: new Map([['e', '1']]),
    });
  });

  test.each([
    ['rows', { rows: ['new'], series: ['new', 'old'], errors: ['old'] }],
    ['everything', { rows: ['new'], series: ['new'], errors: [] }],
  ] as const)('replaces %s', async (replaces, expected) => {
    const old = new Map([['old', '1']]);
    const fresh = new Map([['new', '2']]);
    const { token, revision } = await begin({ rows: old, series: old, errors: old });
    await revisionOf(write(token, revision, { replaces, rows: fresh, series: fresh }));
    const { rows, series, errors } = (await store.load('p'))!;
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
      rows: new Map([['a', '1']]),
      revision: former.revision,
    });
    await revisionOf(write(token, former.revision, { meta: 'after' }));
  });

  test('tells that it lost what a batch is based on, and writes nothing of it', async () => {
    const { token, revision } = await begin();
    const newer = await revisionOf(write(token, revision, { meta: 'newer' }));
    expect(newer > revision).toBe(true);
    expect(await store.save('p', write(token, revision, { meta: 'on the old state' }))).toEqual({ kind: 'lost' });
    expect(await store.save('p', write(token, undefined, { meta: 'on nothing' }))).toEqual({ kind: 'lost' });
    expect(await store.load('p')).toMatchObject({ meta: 'newer', revision: newer });
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
    await expect(store.load('p')).rejects.toMatchObject({
      code: 'RECORD_DAMAGED',
      message: expect.stringContaining('1 of 2'),
    });
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
    await begin({ rows });
    let turns = 0;
    const counting = setInterval(() => turns++, 1);
    const loaded = await store.load('p');
    clearInterval(counting);
    expect(loaded?.rows).toEqual(rows);
    expect(turns).toBeGreaterThan(LARGE / 10_000);
  });
});
