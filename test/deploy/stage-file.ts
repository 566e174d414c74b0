import type { StageInput } from '../../infra/aws/config.ts';
import { ACCOUNT } from './start-emulator.ts';
import type { World } from './world.ts';

/** The caller who may do everything. */
export const ADMIN = `arn:aws:iam::${ACCOUNT}:role/platform`;
export const LAB_STAGE = 'lab';

/** A stage over stores that are there already, on loopback. */
export function labStage(
  { redisUrl, dcdbUrl, kafkaBrokers, dbconfigUrl, labs }: World,
  secrets: { readonly dcdb: string },
) {
  const dcdb = new URL(dcdbUrl);
  return {
    stage: LAB_STAGE,
    keepsData: false,
    logDays: 5,
    alarmEmail: 'platform@example.com',
    network: {
      vpc: { cidr: '10.96.0.0/20' },
      proxies: {
        cidrs: ['127.0.0.0/8'],
        adminPorts: labs.map(({ adminPort }) => adminPort),
        trafficPorts: labs.map(({ trafficPort }) => trafficPort),
      },
      databases: { cidrs: ['127.0.0.0/8'], ports: [Number(dcdb.port)] },
    },
    data: {
      dcdb: {
        host: dcdb.hostname,
        port: Number(dcdb.port),
        database: dcdb.pathname.slice(1),
        secretArn: secrets.dcdb,
        tls: false,
      },
      redis: { address: new URL(redisUrl).host, tls: false, cluster: false },
      kafka: { brokers: kafkaBrokers.split(',') },
      metrics: { retentionDays: 30 },
    },
    api: {
      endpoint: { type: 'regional', allowedCidrs: ['127.0.0.0/8'] },
      bootstrapAdmin: `user:${ADMIN}`,
      dbconfig: { url: dbconfigUrl, cidrs: ['127.0.0.0/8'] },
    },
    // So low that the test need not wait for slow statements.
    scanner: { isEnabled: true, slowSqlMs: 20 },
  } satisfies StageInput;
}
