import { expect, test } from '@jest/globals';
import type { ClusterInstance } from '@proxywatch/core/domain/control/cluster-instances';
import { desiredServers } from '@proxywatch/core/domain/control/desired-servers';
import type { Slice } from '@proxywatch/core/domain/control/desired-state';
import { SERVER_OVERRIDE_KINDS, type ServerOverride } from '@proxywatch/core/domain/control/server-overrides';
import { fc } from '../../../../../support/properties.ts';

// Few names and hostgroups, so that they meet.
const host = fc.constantFrom('db-1', 'db-2', 'db-3', 'db-4');
const port = fc.constantFrom(3306, 3307);
const hostgroup = fc.constantFrom(10, 20, 30);
const cluster = fc.constantFrom('a', 'b', 'c');
const NOW = 1_000;

const instance: fc.Arbitrary<ClusterInstance> = fc.record({
  id: fc.constantFrom('i-1', 'i-2', 'i-3', 'i-4', 'i-5'),
  host,
  port,
  role: fc.constantFrom('writer', 'reader'),
  weight: fc.integer({ min: 0, max: 3 }),
  maxConnections: fc.integer({ min: 1, max: 3 }),
  maxReplicationLag: fc.integer({ min: 0, max: 3 }),
  useSsl: fc.boolean(),
  status: fc.constantFrom('online', 'draining', 'offline'),
});
const instances = fc.uniqueArray(instance, { selector: ({ id }) => id, maxLength: 5 });
const slice: fc.Arbitrary<Slice> = fc.record({
  name: fc.constantFrom('s-1', 's-2', 's-3'),
  writerHostgroup: hostgroup,
  readerHostgroup: hostgroup,
  cluster,
});
const slices = fc.uniqueArray(slice, { selector: ({ name }) => name, maxLength: 3 });
const override: fc.Arbitrary<ServerOverride> = fc.record({
  id: fc.uuid(),
  host,
  port,
  hostgroup: fc.option(hostgroup),
  kind: fc.constantFrom(...SERVER_OVERRIDE_KINDS),
  weight: fc.option(fc.integer({ min: 0, max: 9 })),
  expiresAtMs: fc.option(fc.integer({ min: NOW - 2, max: NOW + 2 })),
});
const overrides = fc.uniqueArray(override, { selector: ({ id }) => id, maxLength: 6 });
const known = fc.record({ value: fc.option(instances, { nil: undefined }), staleSeconds: fc.constantFrom(0, 0, 60) });
const world = fc.record({ slices, overrides, clusters: fc.dictionary(cluster, known) });
type World = typeof world extends fc.Arbitrary<infer W> ? W : never;

function wantedIn({ slices, clusters, overrides }: World, nowMs = NOW) {
  return desiredServers(slices, new Map(Object.entries(clusters)), overrides, nowMs);
}

test('no place has two servers, and they come by hostgroup, host and port', () => {
  fc.assert(
    fc.property(world, (given) => {
      const places = wantedIn(given).servers.map(({ hostgroup, host, port }) => `${hostgroup} ${host} ${port}`);
      expect(places).toEqual([...new Set(places)].toSorted());
    }),
  );
});

test('the order in which slices, instances and overrides come makes no difference', () => {
  fc.assert(
    fc.property(world, (given) => {
      const turned = {
        slices: given.slices.toReversed(),
        overrides: given.overrides.toReversed(),
        clusters: Object.fromEntries(
          Object.entries(given.clusters)
            .toReversed()
            .map(([name, { value, staleSeconds }]) => [name, { value: value?.toReversed(), staleSeconds }]),
        ),
      };
      expect(wantedIn(turned)).toEqual(wantedIn(given));
    }),
  );
});

test('overrides that ended leave no trace', () => {
  fc.assert(
    fc.property(world, (given) => {
      const later = NOW + 2;
      const lasting = given.overrides.filter(({ expiresAtMs }) => expiresAtMs === null);
      expect(wantedIn(given, later)).toEqual(wantedIn({ ...given, overrides: lasting }, later));
    }),
  );
});

test('every server is an instance of a cluster of a slice, or pinned; none is ignored unless pinned', () => {
  fc.assert(
    fc.property(world, (given) => {
      const inForce = given.overrides.filter(({ expiresAtMs }) => expiresAtMs === null || expiresAtMs > NOW);
      const known = given.slices.flatMap(({ cluster }) => given.clusters[cluster]?.value ?? []);
      for (const server of wantedIn(given).servers) {
        const concerning = inForce.filter(
          ({ host, port, hostgroup }) =>
            host === server.host && port === server.port && (hostgroup === null || hostgroup === server.hostgroup),
        );
        const isPinned = concerning.some(({ kind }) => kind === 'pin');
        const isKnown = known.some(({ host, port }) => host === server.host && port === server.port);
        // A pinned writer may stand in for readers, so its pin may be of another hostgroup.
        const isPinnedElsewhere = inForce.some(
          ({ kind, host, port }) => kind === 'pin' && host === server.host && port === server.port,
        );
        expect(isKnown || isPinnedElsewhere).toBe(true);
        expect(isPinned || !concerning.some(({ kind }) => kind === 'ignore')).toBe(true);
      }
    }),
  );
});

test('what is online at the service and concerned by no override is online, where its role belongs', () => {
  fc.assert(
    fc.property(world, (given) => {
      const { servers } = wantedIn({ ...given, overrides: [] });
      for (const { cluster, writerHostgroup, readerHostgroup } of given.slices) {
        for (const { role, host, port } of given.clusters[cluster]?.value ?? []) {
          const hostgroup = role === 'writer' ? writerHostgroup : readerHostgroup;
          expect(servers).toContainEqual(expect.objectContaining({ hostgroup, host, port }));
        }
      }
    }),
  );
});

test('doubt about a cluster of a slice is never silent', () => {
  fc.assert(
    fc.property(world, (given) => {
      const isDoubtful = given.slices.some(({ cluster }) => {
        const { value, staleSeconds = 0 } = given.clusters[cluster] ?? {};
        return staleSeconds > 0 || !value?.some(({ role }) => role === 'writer');
      });
      const { isUncertain, warnings } = wantedIn(given);
      expect(isUncertain).toBe(isDoubtful);
      if (isDoubtful) expect(warnings).not.toEqual([]);
    }),
  );
});
