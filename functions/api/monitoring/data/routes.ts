import type { AnyRoute } from '#api/route';
import { listErrors, listKeyLogs, listSlowSql, listSlowTransactions } from './events.ts';
import { drainGatewaySlot, getGateways, pinProxy, undrainGatewaySlot, unpinProxy } from './gateways.ts';
import { getDigest } from './get-digest.ts';
import { listDigests } from './list-digests.ts';
import { getLive } from './live.ts';
import { pauseScan, resumeScan, runScanNow } from './scan-actions.ts';
import { getScanStatus } from './scan-status.ts';

/** What was collected, how collecting goes, and what can be done about it. */
export const monitoringDataRoutes: readonly AnyRoute[] = [
  listDigests,
  getDigest,
  listErrors,
  listSlowSql,
  listSlowTransactions,
  listKeyLogs,
  getLive,
  getScanStatus,
  runScanNow,
  pauseScan,
  resumeScan,
  getGateways,
  drainGatewaySlot,
  undrainGatewaySlot,
  pinProxy,
  unpinProxy,
];
