import { describe, expect, test } from '@jest/globals';
import type { StoredOperation } from '../../../../layers/core/src/ports/operation-store.ts';
import { ControlBench } from '../../../support/control-bench.ts';
import { MemoryFleet, row } from '../../../support/memory-control.ts';
import { fc } from '../../../support/properties.ts';

const MODULES = ['users', 'servers', 'variables'] as const;

interface Scenario {
  readonly clustered: boolean;
  /** Group whose change cannot be taken; -1: none. */
  readonly bad: number;
  readonly canaries: number;
  readonly parallelism: number;
  /** Memory that was saved differently before: it must come back too. */
  readonly diskDiffers: boolean;
}

const user = (name: string, max: string) => row([name], { password: '*P', active: '1', max_connections: max });
const server = (host: string) => row(['10', host, '3306'], { weight: '1', status: 'ONLINE' });
const variable = (value: string) => row(['mysql-threshold'], { value });

function prepare({ clustered, bad, canaries, parallelism, diskDiffers }: Scenario) {
  const fleet = new MemoryFleet(['a', 'b', 'c', 'd']);
  for (const proxy of fleet.proxies) {
    proxy.put('users', user('app', '1'), user('gone', '1'), user('theirs', '1'));
    proxy.put('servers', server('db-1'));
    proxy.put('variables', variable('1'));
    if (diskDiffers) proxy.disk.users = [user('old', '9')];
  }
  const groups = clustered ? [['a'], ['b', 'c'], ['d']] : [['a'], ['b'], ['c'], ['d']];
  if (clustered) fleet.cluster('b', 'c');
  const bench = new ControlBench(fleet);
  for (const { id } of fleet.proxies) {
    bench.store.managed.set(
      id,
      ['app', 'gone'].map((name) => ({ table: 'users' as const, key: JSON.stringify([name]) })),
    );
    bench.wanted.set(id, {
      users: [user('app', '2'), user('new', '2')],
      servers: [server('db-1'), server('db-2')],
      variables: [variable('2')],
    });
  }
  const badProxy = groups[bad]?.[0];
  if (badProxy !== undefined) fleet.get(badProxy).refused.set(variable('').key, '1');
  const before = new Map(fleet.proxies.map((proxy) => [proxy.id, proxy.snapshot()]));
  bench.begin('op', groups, { canary: { groups: canaries, pauseMs: 3_000 }, parallelism });
  return { fleet, bench, before };
}

function isNew(fleet: MemoryFleet, id: string): boolean {
  const proxy = fleet.get(id);
  return [proxy.memory, proxy.runtime, proxy.disk].every(
    ({ users, servers, variables }) =>
      JSON.stringify(users.map(({ key }) => key).toSorted()) === JSON.stringify(['["app"]', '["new"]', '["theirs"]']) &&
      users.find(({ key }) => key === '["app"]')?.fields.max_connections === '2' &&
      servers.length === 2 &&
      variables[0]?.fields.value === '2',
  );
}

function judge({ fleet, before }: ReturnType<typeof prepare>, { state, problem }: StoredOperation): void {
  const asBefore = fleet.proxies.filter((proxy) => proxy.snapshot() === before.get(proxy.id)).map(({ id }) => id);
  const asWanted = fleet.proxies.filter(({ id }) => isNew(fleet, id)).map(({ id }) => id);
  if (state === 'succeeded') expect(asWanted).toEqual(['a', 'b', 'c', 'd']);
  else {
    expect({ state, asBefore }).toEqual({ state: 'rolled-back', asBefore: ['a', 'b', 'c', 'd'] });
    expect(problem).toContain('as before: a, b, c, d');
  }
}

/** After any death: who takes over sees what is loaded already. */
function requireOneLoad({ proxies }: MemoryFleet): void {
  for (const { id, counts } of proxies) {
    const expected = id === 'c' ? {} : Object.fromEntries(MODULES.map((module) => [module, 1]));
    expect({ id, loads: counts.load }).toEqual({ id, loads: expected });
  }
}

/** Once for each point at which a process can end: whoever comes next ends the operation in this state, and rightly. */
async function atEachPoint(
  scenario: Scenario,
  fault: 'stops' | 'deaths',
  state: string,
  judgeMore: (prepared: ReturnType<typeof prepare>) => void,
): Promise<void> {
  const whole = prepare(scenario);
  const { state: expected } = await whole.bench.drive('op');
  expect(expected).toBe(state);
  const points = whole.bench.points.length;
  expect(points).toBeGreaterThan(50);
  for (let point = 0; point < points; point += 1) {
    const prepared = prepare(scenario);
    prepared.bench[fault].add(point);
    const operation = await prepared.bench.drive('op');
    const at = prepared.bench.points[point];
    expect({ at, state: operation.state }).toEqual({ at, state });
    judge(prepared, operation);
    judgeMore(prepared);
  }
}

const GOOD: Scenario = { clustered: true, bad: -1, canaries: 1, parallelism: 2, diskDiffers: false };

describe('a process that has no time left', () => {
  test.each([
    ['goes well', GOOD, 'succeeded'],
    ['goes back', { ...GOOD, clustered: false, bad: 2 }, 'rolled-back'],
  ])(
    'at any point of an operation that %s is no reason to go back, or to give a group up',
    async (_, scenario, state) => {
      await atEachPoint(scenario, 'stops', state, () => {});
    },
  );
});

describe('a process that dies', () => {
  test.each([
    ['of an operation that goes well', GOOD, 'succeeded'],
    ['of one that goes back', { ...GOOD, bad: 2 }, 'rolled-back'],
  ])('at any point %s is followed by one that ends it rightly', async (_, scenario, state) => {
    await atEachPoint(scenario, 'deaths', state, ({ fleet }) => {
      if (state === 'succeeded') requireOneLoad(fleet);
    });
  });

  test('as often as it may, at whatever points, leaves all proxies as wanted or all as before, and the operation says which', async () => {
    // More than that over one step, and somebody has to look: see the next test.
    const scenarios = fc.record({
      clustered: fc.boolean(),
      bad: fc.integer({ min: -1, max: 3 }),
      canaries: fc.integer({ min: 0, max: 2 }),
      parallelism: fc.integer({ min: 1, max: 4 }),
      diskDiffers: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        scenarios,
        fc.uniqueArray(fc.integer({ min: 0, max: 600 }), { maxLength: 4 }),
        async (scenario, deaths) => {
          const prepared = prepare(scenario);
          for (const point of deaths) prepared.bench.deaths.add(point);
          judge(prepared, await prepared.bench.drive('op'));
        },
      ),
      { numRuns: 200 },
    );
  });

  test('over and over at the same step has the group go back', async () => {
    const prepared = prepare(GOOD);
    prepared.bench.fatal = /store: save load/;
    const operation = await prepared.bench.drive('op');
    expect(operation.problem).toContain('taken up 6 times and never ended');
    judge(prepared, operation);
  });

  test('over and over while it goes back leaves the group to somebody who looks', async () => {
    const { bench } = prepare({ ...GOOD, bad: 0 });
    bench.fatal = /store: save rolled-back/;
    const operation = await bench.drive('op');
    expect(operation).toMatchObject({ state: 'failed', problem: expect.stringContaining('could not be put back: a') });
  });

  test('of an error that nobody foresaw while it goes back, is not tried for ever', async () => {
    const { fleet, bench } = prepare({ ...GOOD, bad: 0 });
    const { saveGroup } = bench.store;
    bench.store.saveGroup = async (hold, from, change) => {
      if (change.state === 'rolled-back') throw new Error('a bug');
      return saveGroup(hold, from, change);
    };
    const operation = await bench.drive('op');
    expect(operation).toMatchObject({ state: 'failed', problem: expect.stringContaining('could not be put back: a') });
    expect(fleet.get('a').runtime.variables[0]?.fields.value).toBe('1');
  });
});
