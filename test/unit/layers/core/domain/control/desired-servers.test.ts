import { describe, expect, test } from '@jest/globals';
import type { ClusterInstance, ClusterInstances } from '@proxywatch/core/domain/control/cluster-instances';
import { desiredServers } from '@proxywatch/core/domain/control/desired-servers';
import type { ServerSpec } from '@proxywatch/core/domain/control/desired-state';
import type { ServerOverride } from '@proxywatch/core/domain/control/server-overrides';

const slice = { name: 'main', writerHostgroup: 10, readerHostgroup: 20, cluster: 'shop-main' };
const writer: ClusterInstance = {
  id: 'db-1',
  host: 'db-1',
  port: 3306,
  role: 'writer',
  weight: 1,
  maxConnections: 100,
  maxReplicationLag: 0,
  useSsl: false,
  status: 'online',
};
const reader: ClusterInstance = { ...writer, id: 'db-2', host: 'db-2', role: 'reader', maxReplicationLag: 30 };
const override: ServerOverride = {
  id: 'o-1',
  host: 'db-2',
  port: 3306,
  hostgroup: null,
  kind: 'drain',
  weight: null,
  expiresAtMs: null,
};
const NOW = 1_000_000;

function of(...instances: ClusterInstance[]): ReadonlyMap<string, ClusterInstances> {
  return new Map([['shop-main', { value: instances, staleSeconds: 0 }]]);
}
function placesOf(servers: readonly ServerSpec[]): readonly string[] {
  return servers.map(({ hostgroup, host, weight, status }) => `${hostgroup} ${host} ${weight} ${status}`);
}
function wanted(instances: readonly ClusterInstance[], overrides: readonly ServerOverride[] = []) {
  const { servers, warnings } = desiredServers([slice], of(...instances), overrides, NOW);
  return { places: placesOf(servers), warnings };
}

describe('the servers of a slice', () => {
  test('are its writers in the writer hostgroup and its readers in the reader hostgroup', () => {
    expect(desiredServers([slice], of(reader, writer), [], NOW)).toEqual({
      servers: [
        {
          hostgroup: 10,
          host: 'db-1',
          port: 3306,
          weight: 1,
          maxConnections: 100,
          maxReplicationLagS: 0,
          useSsl: false,
          status: 'online',
          comment: 'shop-main/db-1',
        },
        expect.objectContaining({ hostgroup: 20, host: 'db-2', maxReplicationLagS: 30, comment: 'shop-main/db-2' }),
      ],
      warnings: [],
      isUncertain: false,
    });
  });

  test('are also writers for reads where no reader could serve', () => {
    const alone = wanted([writer]);
    expect(alone.places).toEqual(['10 db-1 1 online', '20 db-1 1 online']);
    expect(alone.warnings).toEqual(['slice main has no reader: its writers are readers too']);
    expect(wanted([writer, { ...reader, status: 'offline' }]).places).toEqual([
      '10 db-1 1 online',
      '20 db-1 1 online',
      '20 db-2 1 offline',
    ]);
    expect(wanted([writer, { ...reader, weight: 0 }]).places).toContain('20 db-1 1 online');
    expect(wanted([writer, reader], [override]).places).toContain('20 db-1 1 online');
  });

  test('are said to be missing for reads where the writer cannot stand in either', () => {
    expect(wanted([{ ...writer, status: 'offline' }]).warnings).toEqual(['slice main has no server for reads']);
  });

  test('are one each where both hostgroups are the same', () => {
    const both = { ...reader, host: 'db-1', weight: 7 };
    const { servers, warnings } = desiredServers([{ ...slice, readerHostgroup: 10 }], of(both, writer), [], NOW);
    expect(placesOf(servers)).toEqual(['10 db-1 1 online']);
    expect(warnings).toEqual([
      'db-1:3306 in hostgroup 10 is described twice, and differently: as shop-main/db-1 says, not shop-main/db-2',
    ]);
  });

  test('keep the status that the service gives them', () => {
    expect(wanted([{ ...writer, status: 'draining' }, reader]).places[0]).toBe('10 db-1 1 draining');
  });
});

describe('an override', () => {
  test('of the weight holds until it ends, and then the server is as before', () => {
    const heavier = { ...override, kind: 'weight', weight: 9, expiresAtMs: NOW + 1 } as const;
    expect(wanted([writer, reader], [heavier]).places).toContain('20 db-2 9 online');
    const ended = desiredServers([slice], of(writer, reader), [heavier], NOW + 1);
    expect(ended).toEqual(desiredServers([slice], of(writer, reader), [], NOW + 1));
  });

  test('for one hostgroup goes before one for all, and leaves other hostgroups alone', () => {
    const weights = [
      { ...override, id: 'a', host: 'db-1', kind: 'weight', weight: 5 },
      { ...override, id: 'b', host: 'db-1', kind: 'weight', weight: 8, hostgroup: 10 },
    ] as const;
    expect(wanted([writer], weights).places).toEqual(['10 db-1 8 online', '20 db-1 5 online']);
  });

  test('drains a server that is online, and wakes none that is not', () => {
    expect(wanted([writer, reader, { ...reader, id: 'db-3', host: 'db-3' }], [override]).places).toEqual([
      '10 db-1 1 online',
      '20 db-2 1 draining',
      '20 db-3 1 online',
    ]);
    expect(wanted([writer, { ...reader, status: 'offline' }], [override]).places).toContain('20 db-2 1 offline');
  });

  test('ignores a server that the service knows', () => {
    const ignored = wanted(
      [writer, reader, { ...reader, id: 'db-3', host: 'db-3' }],
      [{ ...override, kind: 'ignore' }],
    );
    expect(ignored).toEqual({ places: ['10 db-1 1 online', '20 db-3 1 online'], warnings: [] });
  });

  test('pins a server that the service no longer knows, and it is like its neighbours', () => {
    const pin = { ...override, kind: 'pin', host: 'db-9', hostgroup: 20, weight: 3 } as const;
    const { servers } = desiredServers([slice], of(writer, { ...reader, useSsl: true }), [pin], NOW);
    expect(servers.find(({ host }) => host === 'db-9')).toEqual({
      hostgroup: 20,
      host: 'db-9',
      port: 3306,
      weight: 3,
      maxConnections: 100,
      maxReplicationLagS: 30,
      useSsl: true,
      status: 'online',
      comment: 'pinned',
    });
  });

  test('that pins a server changes nothing while the service knows it', () => {
    const pin = { ...override, kind: 'pin', hostgroup: 20, weight: 3 } as const;
    expect(wanted([writer, reader], [pin])).toEqual(wanted([writer, reader]));
  });

  test('that pins goes before one that ignores, and a pin in no hostgroup cannot be heeded', () => {
    const pin = { ...override, kind: 'pin', hostgroup: 20, weight: 3 } as const;
    const both = wanted([writer, reader], [pin, { ...pin, id: 'o-2', kind: 'ignore' }]);
    expect(both.places).toContain('20 db-2 1 online');
    expect(both.warnings).toEqual(['db-2:3306 in hostgroup 20 is both pinned and ignored: it is kept']);
    expect(wanted([writer, reader], [{ ...pin, hostgroup: null }]).warnings).toEqual([
      'db-2:3306 is pinned in no hostgroup: it cannot be kept',
    ]);
  });

  test('that concerns no server of any slice is told', () => {
    expect(wanted([writer, reader], [{ ...override, host: '::1' }]).warnings).toEqual([
      'an override (drain) concerns [::1]:3306, which no slice has',
    ]);
  });
});

describe('servers are uncertain', () => {
  test.each<[string, ClusterInstances | undefined, string]>([
    ['when nothing is known of a cluster', undefined, 'nothing is known of cluster shop-main of slice main'],
    [
      'when there is no such cluster',
      { value: undefined, staleSeconds: 0 },
      'there is no cluster shop-main of slice main',
    ],
    ['when it is empty', { value: [], staleSeconds: 0 }, 'cluster shop-main of slice main has no instances'],
    ['when it has no writer', { value: [reader], staleSeconds: 0 }, 'cluster shop-main of slice main has no writer'],
    [
      'when the answer was remembered',
      { value: [writer, reader], staleSeconds: 90 },
      'cluster shop-main of slice main is as it was 90 s ago',
    ],
  ])('%s', (_, known, warning) => {
    const instances = new Map(known === undefined ? [] : [['shop-main', known]]);
    const result = desiredServers([slice], instances, [], NOW);
    expect(result.isUncertain).toBe(true);
    expect(result.warnings).toContain(warning);
  });
});
