import { createDcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { createProxysqlControl } from '@proxywatch/core/drivers/proxysql/control/create-control';
import { createLocalSecretBox } from '@proxywatch/core/drivers/secrets/local-secret-box';
import type { ControlDeps } from '../../../functions/control/control-deps.ts';
import { createLocalOperationInvoker } from '../../../functions/control/local-operation-invoker.ts';
import { operate } from '../../../functions/control/operate.ts';
import { sweepOperations } from '../../../functions/control/sweep-operations.ts';
import { databaseConfigOf, FAST_TIMES, watched } from './doubles.ts';

const { DCDB_URL = '', KEY_FILE = '', DIE_AT = '' } = process.env;
const SWEEP_MS = 200;

/** As the Lambda of operations, with a schedule of its own; it is gone at once when it passes `DIE_AT`. */
const log = { info() {}, warn() {}, error() {} };
const invoker = createLocalOperationInvoker({
  operate: (request, signal) => operate(deps, request, signal),
  sweep: (signal) => sweepOperations(deps, signal),
  sweepMs: SWEEP_MS,
  log,
});
const control = watched(createProxysqlControl(), [], (proxy, call, detail) => {
  if (DIE_AT !== '' && `${proxy} ${call} ${detail}`.startsWith(DIE_AT)) process.kill(process.pid, 'SIGKILL');
});
const deps: ControlDeps = {
  db: createDcdb(DCDB_URL, { maxConnections: 4 }),
  controls: new Map([['proxysql', control]]),
  credentials: { fetchCredential: async () => ({ user: 'admin', password: 'admin' }) },
  databases: databaseConfigOf({ instances: [], staleSeconds: 0, isDown: false }),
  secrets: createLocalSecretBox({ keyFile: KEY_FILE }),
  operations: invoker,
  log,
  nowMs: () => Date.now(),
  times: FAST_TIMES,
};
process.on('message', () => process.exit(0));
// Nobody is left to be told when the one who started this is gone.
process.on('disconnect', () => process.exit(0));
