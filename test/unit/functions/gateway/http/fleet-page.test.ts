import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Fleet } from '../../../../../functions/gateway/fleet.ts';
import { assembleFleet } from '../../../../../functions/gateway/http/fleet-page.ts';
import { type RunningServer, startServer } from '../../../../../functions/gateway/http/server.ts';
import { createGate, FakeProxy, PROXY } from '../../../../support/fake-proxy.ts';
import { FakeStore } from '../../../../support/fake-store.ts';
import { MemoryLeases, MemoryMembership } from '../../../../support/memory-fleet.ts';
import { until } from '../../../../support/until.ts';
import { parseExposition, type Sample } from '../exposition/strict-parser.ts';
import { createTestFleet } from '../test-fleet.ts';
import { createTestLog, createTestWorker, METRICS } from '../test-worker.ts';

const IDS = ['a', 'b', 'c', 'd'];
const SCRAPER = { 'X-Prometheus-Scrape-Timeout-Seconds': '5' };

interface Member {
  readonly fleet: Fleet;
  readonly server: RunningServer;
}

let drivers: Map<string, FakeProxy>;
let members: readonly Member[];

beforeEach(async () => {
  drivers = new Map(IDS.map((id) => [id, new FakeProxy()]));
  for (const [index, driver] of [...drivers.values()].entries()) driver.executions.set('A', index + 1);
  members = await startMembers({ shareMs: 60_000 });
});
afterEach(stopMembers);

interface Shared {
  readonly membership: MemoryMembership;
  readonly leases: MemoryLeases;
  readonly store: FakeStore;
  readonly shareMs: number;
}

/** Two gateways that share four proxies, and have read each once. */
async function startMembers({ shareMs }: Pick<Shared, 'shareMs'>): Promise<readonly Member[]> {
  const shared = { membership: new MemoryMembership(), leases: new MemoryLeases(), store: new FakeStore(), shareMs };
  const started = [await startMember('gateway-1', shared), await startMember('gateway-2', shared)];
  await until('both share the proxies', () => {
    const held = started.map(({ fleet }) => fleet.workers.length);
    return started.every(({ fleet }) => fleet.isReady) && held.every((count) => count > 0) && held[0]! + held[1]! === 4;
  });
  return started;
}

async function stopMembers(): Promise<void> {
  for (const { fleet, server } of members) {
    await server.close(0);
    await fleet.stop();
  }
}

async function startMember(memberId: string, { store, shareMs, ...shared }: Shared): Promise<Member> {
  const proxies = IDS.map((id) => ({ ...PROXY, id }));
  const log = createTestLog();
  const fleet: Fleet = createTestFleet({
    ...shared,
    memberId,
    advertise: () => advertise(),
    registry: { fetchProxies: async () => ({ version: '1', proxies, damaged: [] }) },
    createWorker: (proxy) => createTestWorker(drivers.get(proxy.id)!, store, { proxy, shareMs }),
    log,
  });
  const advertise = (): string => `127.0.0.1:${server.port}`;
  const server: RunningServer = await startServer({
    host: '127.0.0.1',
    port: 0,
    fleet,
    advertise,
    metrics: METRICS,
    gatewayId: memberId,
    log,
  });
  fleet.start();
  return { fleet, server };
}

async function fetchPage({ server }: Member, headers: Record<string, string> = {}, query = '?fleet=true') {
  const response = await fetch(`http://127.0.0.1:${server.port}/metrics${query}`, { headers });
  const text = await response.text();
  const comments = text.split('\n').filter((line) => /^# (?!HELP|TYPE)/.test(line));
  const rest = text.replace(/^# (?!HELP|TYPE).*\n/gm, '');
  return { response, text, comments, samples: parseExposition(rest, 'text').samples };
}
const proxiesIn = (samples: readonly Sample[]) => [...new Set(samples.map(({ labels }) => labels.proxy))].toSorted();
const idsOf = ({ fleet }: Member) => fleet.workers.map(({ proxy }) => proxy.id).toSorted();

describe('the page of a gateway among others', () => {
  test('shows people the whole fleet, whichever gateway they ask', async () => {
    for (const [index, member] of members.entries()) {
      const { response, samples, comments } = await fetchPage(member, { Accept: 'text/html,*/*;q=0.8' });
      expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
      expect(proxiesIn(samples)).toEqual(IDS);
      const executions = samples.filter(({ name }) => name === 'dbproxy_sql_all_executions_total');
      expect(executions.map(({ value }) => Number(value)).toSorted()).toEqual([1, 2, 3, 4]);
      expect(comments).toEqual([expect.stringContaining(`the fleet as gateway-${index + 1} sees it`)]);
    }
  });

  test.each([
    ['a scraper', SCRAPER],
    ['anybody', {}],
  ])(
    'shows %s what the gateway owns unless asked for more: two gateways never tell of one proxy',
    async (_who, headers) => {
      const pages = await Promise.all(members.map((member) => fetchPage(member, headers, '')));
      for (const [index, { samples, comments }] of pages.entries()) {
        expect(proxiesIn(samples)).toEqual(idsOf(members[index]!));
        expect(comments).toEqual([]);
      }
      expect(pages.flatMap(({ samples }) => proxiesIn(samples)).toSorted()).toEqual(IDS);
    },
  );

  test('is the same compressed', async () => {
    const plain = await fetchPage(members[0]!, { 'Accept-Encoding': 'identity' });
    const packed = await fetchPage(members[0]!, { 'Accept-Encoding': 'gzip' });
    expect(packed.response.headers.get('content-encoding')).toBe('gzip');
    expect(packed.text).toBe(plain.text);
    expect(Number(packed.response.headers.get('content-length'))).toBeLessThan(plain.text.length / 3);
  });

  test('says which proxies are missing, and why', async () => {
    const [first, second] = members as [Member, Member];
    const { relayedProxies } = METRICS;
    const missingNow = async () =>
      (await relayedProxies.get()).values.find(({ labels }) => labels.outcome === 'missing')?.value ?? 0;
    const before = await missingNow();
    const lost = idsOf(second);
    await second.server.close(0);
    const { comments, samples } = await fetchPage(first);
    expect(proxiesIn(samples)).toEqual(idsOf(first));
    expect(comments.slice(1)).toEqual(lost.map((id) => expect.stringMatching(`^# missing: ${id}, .*ECONNREFUSED`)));
    expect(await missingNow()).toBe(before + lost.length);
  });

  test('is put together for one at a time, others are asked to come back', async () => {
    await stopMembers();
    members = await startMembers({ shareMs: 0 });
    const gate = createGate();
    for (const driver of drivers.values()) driver.before = (call) => (call === 'digests' ? gate.pass() : undefined);
    const pages = [1, 2].map(() => fetch(`http://127.0.0.1:${members[0]!.server.port}/metrics?fleet=true`));
    const refused = await Promise.race(pages);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    gate.open();
    const statuses = (await Promise.all(pages)).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([200, 503]);
  });

  test('leaves out what would be too large for memory, and says so', async () => {
    const [first, second] = members as [Member, Member];
    const { scrape } = await assembleFleet(first.fleet, 'gateway-1', { maxOwnBytes: 100 });
    const [note, missing, ...series] = scrape.buffers().join('').split('\n');
    expect([note, missing]).toEqual([
      expect.stringContaining('the fleet as gateway-1 sees it'),
      '# missing: all of its own, more than 100 bytes: ask it for /metrics',
    ]);
    expect(proxiesIn(parseExposition(series.join('\n'), 'text').samples)).toEqual(idsOf(second));
    scrape.release();
  });
});
