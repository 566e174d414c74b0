import type { StageInput } from '../config.ts';

/** For some 1,000 proxies; docs/aws.md tells what to raise for more. */
export const prod: StageInput = {
  stage: 'prod',
  keepsData: true,
  logDays: 90,
  network: {
    vpc: { cidr: '10.80.0.0/20', zones: 3 },
    proxies: { cidrs: ['10.0.0.0/8'] },
    databases: { cidrs: ['10.0.0.0/8'] },
  },
  data: {
    dcdb: { minAcu: 2, maxAcu: 16, readers: 1, backupDays: 14 },
    redis: { maxStorageGb: 20, maxEcpuPerSecond: 50_000 },
  },
  api: { endpoint: { type: 'private' } },
  gateway: {
    tasks: { min: 3, max: 12 },
    cpu: 1_024,
    memoryMiB: 2_048,
    historyMemoryMiB: 1_024,
    prometheus: { series: 1_000_000 },
  },
};
