import type { StageInput } from '../config.ts';

/** Small, and gone without a trace when it is destroyed. */
export const dev: StageInput = {
  stage: 'dev',
  keepsData: false,
  logDays: 7,
  network: { vpc: { cidr: '10.64.0.0/20' }, proxies: { cidrs: ['10.0.0.0/8'] }, databases: { cidrs: ['10.0.0.0/8'] } },
  data: { metrics: { retentionDays: 30 } },
  // From anywhere, for whoever signs with a principal of the account that may call it.
  api: { endpoint: { type: 'regional', allowedCidrs: ['0.0.0.0/0'] } },
};
