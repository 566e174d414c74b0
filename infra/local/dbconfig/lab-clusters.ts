import type { Cluster } from './catalogue.ts';

/** As the lab proxies have it from their first start on. */
const MAX_CONNECTIONS = 100;

/** Three clusters that are all the same MariaDB; the third has no reader. */
export function labClusters(host: string, port: number): readonly Cluster[] {
  const instance = { host, port, weight: 1, maxConnections: MAX_CONNECTIONS, maxReplicationLag: 0, useSsl: false };
  const online = { ...instance, status: 'online' } as const;
  const cluster = { engine: 'mariadb', region: 'local' };
  return [
    {
      ...cluster,
      id: 'shop-main',
      name: 'Shop',
      description: 'orders, customers and carts',
      instances: [
        { ...online, id: 'shop-main-1', role: 'writer', zone: 'local-a' },
        { ...online, id: 'shop-main-2', role: 'reader', zone: 'local-b' },
      ],
    },
    {
      ...cluster,
      id: 'reporting-main',
      name: 'Reporting',
      description: 'what the reports read',
      instances: [
        { ...online, id: 'reporting-main-1', role: 'writer', zone: 'local-a' },
        { ...online, id: 'reporting-main-2', role: 'reader', zone: 'local-b' },
      ],
    },
    {
      ...cluster,
      id: 'archive',
      name: 'Archive',
      description: 'closed orders; its writer answers reads too',
      instances: [{ ...online, id: 'archive-1', role: 'writer', zone: 'local-a' }],
    },
  ];
}
