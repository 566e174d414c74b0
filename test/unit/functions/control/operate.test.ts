import { describe, expect, test } from '@jest/globals';
import { ProxywatchError } from '../../../../layers/core/src/domain/errors.ts';
import { ControlBench } from '../../../support/control-bench.ts';
import { MemoryFleet, row } from '../../../support/memory-control.ts';

const app = (max: string, password = '*OLD') =>
  row(['app'], { password, default_hostgroup: '10', active: '1', max_connections: max });
const setting = (value: string) => row(['mysql-max_connections'], { value });

/** a stands alone, b and c pull each other's configuration. */
function benchOf(ids: readonly string[] = ['a', 'b', 'c'], cluster: readonly string[] = ['b', 'c']) {
  const fleet = new MemoryFleet(ids);
  for (const proxy of fleet.proxies) {
    proxy.put(
      'users',
      app('100'),
      row(['theirs'], { password: '*X', default_hostgroup: '10', active: '1', max_connections: '5' }),
    );
    proxy.put('variables', setting('2048'));
  }
  fleet.cluster(...cluster);
  const bench = new ControlBench(fleet);
  for (const { id } of fleet.proxies) {
    bench.store.managed.set(id, [{ table: 'users', key: app('100').key }]);
    bench.wanted.set(id, { users: [app('200', '*NEW')], variables: [setting('4096')] });
  }
  const groups = ids.filter((id) => !cluster.includes(id)).map((id) => [id]);
  return { fleet, bench, groups: cluster.length > 0 ? [...groups, [...cluster]] : groups };
}

const maxOf = (fleet: MemoryFleet, id: string, layer: 'memory' | 'runtime' | 'disk') =>
  fleet.get(id)[layer].users.find(({ key }) => key === app('1').key)?.fields.max_connections;

describe('an operation', () => {
  test('changes all layers of all proxies, with one LOAD and one SAVE for each group and module', async () => {
    const { fleet, bench, groups } = benchOf();
    bench.begin('op', groups);
    const operation = await bench.drive('op');
    expect(operation.problem).toBeUndefined();
    expect(operation.state).toBe('succeeded');
    for (const { id } of fleet.proxies) {
      expect([maxOf(fleet, id, 'memory'), maxOf(fleet, id, 'runtime'), maxOf(fleet, id, 'disk')]).toEqual([
        '200',
        '200',
        '200',
      ]);
      expect(fleet.get(id).runtime.users).toHaveLength(2);
    }
    expect(fleet.get('a').counts).toEqual({
      load: { users: 1, variables: 1 },
      save: { users: 1, variables: 1 },
      write: 1,
    });
    expect(fleet.get('b').counts).toEqual({
      load: { users: 1, variables: 1 },
      save: { users: 1, variables: 1 },
      write: 1,
    });
    expect(fleet.get('c').counts).toEqual({ load: {}, save: {}, write: 0 });
    expect(bench.store.checksums.map(({ proxyId }) => proxyId)).toEqual(expect.arrayContaining(['a', 'b', 'c']));
  });

  test('that fails on the second group leaves all proxies as they were, and says so', async () => {
    const { fleet, bench, groups } = benchOf();
    const before = fleet.proxies.map((proxy) => proxy.snapshot());
    fleet.get('b').refused.set(setting('').key, '2048');
    bench.begin('op', groups, { canary: { groups: 1, pauseMs: 5_000 } });
    const operation = await bench.drive('op');
    expect(operation.state).toBe('rolled-back');
    expect(operation.problem).toContain(
      'variable mysql-max_connections: value is 4096 in the operation, 2048 in runtime',
    );
    expect(operation.problem).toContain('as before: a, b, c');
    expect(fleet.proxies.map((proxy) => proxy.snapshot())).toEqual(before);
  });

  test('that stops at the first failure puts that group back and leaves the decision about the others', async () => {
    const { fleet, bench } = benchOf(['a', 'b', 'c'], []);
    fleet.get('b').refused.set(setting('').key, '2048');
    bench.begin('op', [['a'], ['b'], ['c']], { onError: 'stop', parallelism: 1 });
    const operation = await bench.drive('op');
    expect(operation.state).toBe('stopped');
    expect(operation.groups.map(({ state }) => state)).toEqual(['done', 'rolled-back', 'waiting']);
    expect(['a', 'b', 'c'].map((id) => maxOf(fleet, id, 'runtime'))).toEqual(['200', '100', '100']);
  });

  test('that continues says which proxies are changed and which are as before', async () => {
    const { fleet, bench } = benchOf(['a', 'b', 'c'], []);
    fleet.get('b').refused.set(setting('').key, '2048');
    bench.begin('op', [['a'], ['b'], ['c']], { onError: 'continue', parallelism: 1 });
    const operation = await bench.drive('op');
    expect(operation.state).toBe('failed');
    expect(operation.problem).toContain('changed: a, c; as before: b');
  });

  test('refuses a proxy whose memory is not what it runs, and shows whose edits are there', async () => {
    const { fleet, bench, groups } = benchOf();
    fleet
      .get('a')
      .memory.users.push(
        row(['half-done'], { password: '*S', default_hostgroup: '1', active: '1', max_connections: '1' }),
      );
    const before = fleet.get('a').snapshot();
    bench.begin('op', groups, { onError: 'continue' });
    const operation = await bench.drive('op');
    expect(operation.groups[0]).toMatchObject({
      state: 'failed',
      problem: expect.stringContaining('user half-done is in memory, not in runtime'),
    });
    expect(fleet.get('a').snapshot()).toBe(before);
  });

  test('sees edits that come between write and LOAD, and does not load them', async () => {
    const { fleet, bench, groups } = benchOf();
    const proxy = fleet.get('a');
    const { onAct } = proxy;
    proxy.onAct = (what, self, detail) => {
      if (what === 'write' && detail === 'done') {
        self.memory.users = [...self.memory.users, row(['sneaky'], { password: '*S', active: '1' })];
      }
      return onAct(what, self, detail);
    };
    bench.begin('op', groups);
    const operation = await bench.drive('op');
    expect(operation.problem).toContain('user sneaky');
    expect(proxy.runtime.users.map(({ key }) => key)).not.toContain('["sneaky"]');
    expect(maxOf(fleet, 'a', 'runtime')).toBe('100');
  });

  test('is taken back when a cluster peer pulls it back', async () => {
    const { fleet, bench } = benchOf(['b', 'c'], ['b', 'c']);
    const { onAct } = fleet.get('b');
    let isDone = false;
    fleet.get('b').onAct = async (what, self, detail) => {
      await onAct(what, self, detail);
      // At the very moment somebody loads what they have on the other node.
      if (what !== 'load' || detail !== 'done' || isDone) return;
      isDone = true;
      fleet.byHand('c', 'users', () => {});
      fleet.byHand('c', 'variables', () => {});
      self.pull();
    };
    bench.begin('op', [['b', 'c']]);
    const operation = await bench.drive('op');
    expect(operation.state).toBe('rolled-back');
    expect(['b', 'c'].map((id) => maxOf(fleet, id, 'runtime'))).toEqual(['100', '100']);
  });

  test('writes peers itself that do not pull a module', async () => {
    const { fleet, bench } = benchOf(['b', 'c'], ['b', 'c']);
    for (const { id } of fleet.proxies) fleet.get(id).pulls = false;
    bench.begin('op', [['b', 'c']]);
    const operation = await bench.drive('op');
    expect(operation.state).toBe('succeeded');
    expect(['b', 'c'].map((id) => maxOf(fleet, id, 'disk'))).toEqual(['200', '200']);
    expect(fleet.get('c').counts.load).toEqual({ users: 1, variables: 1 });
  });

  test('goes back when more clients are denied access than before', async () => {
    const { fleet, bench, groups } = benchOf();
    fleet.get('a').onAct = (what, self, detail) => {
      if (what === 'load' && detail === 'done') self.health.accessDenied += 50;
    };
    bench.begin('op', groups);
    const operation = await bench.drive('op');
    expect(operation.state).toBe('rolled-back');
    expect(operation.problem).toContain('clients were denied access');
    expect(fleet.proxies.map(({ id }) => maxOf(fleet, id, 'disk'))).toEqual(['100', '100', '100']);
  });

  test('takes the others back when a proxy dies, and names the one that it cannot reach', async () => {
    const { fleet, bench, groups } = benchOf();
    fleet.get('a').onAct = (what, self, detail) => {
      if (what === 'load' && detail === 'done') self.isDown = true;
    };
    bench.begin('op', groups);
    const operation = await bench.drive('op');
    expect(operation.state).toBe('failed');
    expect(operation.problem).toContain('could not be put back: a');
    expect(operation.problem).toContain('as before: b, c');
    expect(['b', 'c'].map((id) => maxOf(fleet, id, 'runtime'))).toEqual(['100', '100']);
  });

  test('puts a proxy back that comes back from its disk in time', async () => {
    const { fleet, bench, groups } = benchOf();
    const before = fleet.get('a').snapshot();
    let asks = 0;
    fleet.get('a').onAct = (what, self, detail) => {
      if (what === 'load' && detail === 'done') self.isDown = true;
      else if (self.isDown && ++asks > 3) self.restart();
    };
    bench.begin('op', groups);
    const operation = await bench.drive('op');
    expect(operation.state).toBe('rolled-back');
    expect(fleet.get('a').snapshot()).toBe(before);
  });

  test('stops when writes are switched off, writes nothing more, and says so', async () => {
    const { fleet, bench, groups } = benchOf();
    fleet.get('a').onAct = (what, _self, detail) => {
      if (what === 'write' && detail === 'done') bench.store.writes = { enabled: false, reason: 'incident 7' };
    };
    bench.begin('op', groups, { parallelism: 1 });
    const operation = await bench.drive('op');
    expect(operation).toMatchObject({ state: 'stopped', problem: 'writes are switched off: incident 7' });
    expect(fleet.proxies.map(({ counts }) => counts.load)).toEqual([{}, {}, {}]);
    expect(maxOf(fleet, 'b', 'memory')).toBe('100');
  });

  test('tells no password in events and problems', async () => {
    const { fleet, bench, groups } = benchOf();
    fleet.get('b').refused.set(setting('').key, '2048');
    bench.begin('op', groups);
    const operation = await bench.drive('op');
    expect(JSON.stringify([bench.store.events, operation])).not.toMatch(/\*OLD|\*NEW/);
  });

  test('leaves the pause of a canary to the next sweep when it is long, and saves after it', async () => {
    const { fleet, bench, groups } = benchOf();
    bench.begin('op', groups, { canary: { groups: 1, pauseMs: 600_000 } });
    const begunMs = bench.nowMs;
    const operation = await bench.drive('op');
    expect(operation.state).toBe('succeeded');
    expect(bench.nowMs - begunMs).toBeGreaterThanOrEqual(600_000);
    expect(fleet.get('a').counts.save).toEqual({ users: 1, variables: 1 });
  });

  test('refuses to bring a shunned server back, unless the plan accepts that', async () => {
    const server = (weight: string, status = 'ONLINE') => row(['10', 'db-1', '3306'], { weight, status });
    const prepare = () => {
      const { fleet, bench } = benchOf(['a'], []);
      fleet.get('a').put('servers', server('1'));
      fleet.get('a').runtime.servers = [server('1', 'SHUNNED')];
      bench.store.managed.set('a', [{ table: 'servers', key: server('1').key }]);
      bench.wanted.set('a', { servers: [server('2')] });
      bench.begin('op', [['a']]);
      return { fleet, bench };
    };
    const refused = await prepare().bench.drive('op');
    expect(refused.groups[0]).toMatchObject({
      state: 'failed',
      problem: 'a LOAD would bring along: server 10:db-1:3306: status is ONLINE in memory, SHUNNED in runtime',
    });
    const { fleet, bench } = prepare();
    bench.options = { ...bench.options, acceptLoads: true };
    expect((await bench.drive('op')).state).toBe('succeeded');
    expect(fleet.get('a').runtime.servers).toEqual([server('2')]);
  });

  test('refuses a group whose members run different rows', async () => {
    const { fleet, bench } = benchOf(['b', 'c'], ['b', 'c']);
    fleet.get('c').put('users', row(['only-here'], { password: '*X', active: '1' }));
    bench.begin('op', [['b', 'c']]);
    const operation = await bench.drive('op');
    expect(operation.groups[0]?.problem).toContain('the group does not agree: user only-here is in c, not in b');
  });

  test.each([
    ['goes on', '4096', 'succeeded'],
    ['goes back', '2048', 'rolled-back'],
  ])('%s when the key of its pre-images can be had again', async (_, taken, state) => {
    const { fleet, bench } = benchOf(['a'], []);
    if (taken === '2048') fleet.get('a').refused.set(setting('').key, taken);
    const { open } = bench.engine.secrets;
    let away = 0;
    const secrets = {
      ...bench.engine.secrets,
      open: async (...given: Parameters<typeof open>) => {
        away += 1;
        if (away <= 3) throw new ProxywatchError('SERVICE_UNREACHABLE', 'kms: away', { service: 'kms' });
        return open(...given);
      },
    };
    Object.assign(bench.engine, { secrets });
    bench.begin('op', [['a']]);
    expect((await bench.drive('op')).state).toBe(state);
    expect(away).toBeGreaterThan(3);
    expect(maxOf(fleet, 'a', 'disk')).toBe(state === 'succeeded' ? '200' : '100');
  });

  test('only takes over rows of others that are as wanted, without a LOAD', async () => {
    const { fleet, bench } = benchOf(['a'], []);
    bench.store.managed.clear();
    bench.wanted.set('a', { users: [app('100', '*OLD')] });
    bench.begin('op', [['a']]);
    expect((await bench.drive('op')).state).toBe('succeeded');
    expect(fleet.get('a').counts).toEqual({ load: {}, save: {}, write: 0 });
    expect(bench.store.managed.get('a')).toEqual([{ table: 'users', key: app('').key }]);
  });
});
