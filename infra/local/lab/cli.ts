import { join } from 'node:path';
import { exitOnConfigError } from '@proxywatch/core/config/exit-on-config-error';
import { nonEmpty, port } from '@proxywatch/core/config/fields';
import { parseEnvironment } from '@proxywatch/core/config/parse-environment';
import { messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import { z } from 'zod';
import { LAB_PROXIES, labAddress } from '../config.ts';
import { adminAddress, labName } from '../lab-proxies.ts';
import { type LabCommand, parseCommand } from './cli/parse-command.ts';
import { resetDigests } from './cli/reset-lab.ts';
import { restartLab } from './cli/restart-lab.ts';
import { askTraffic } from './cli/traffic-control.ts';

const labConfig = z.object({
  LAB_PORT: port().default(16_032),
  /** Where the local run keeps its files. */
  LOCAL_DIR: nonEmpty().default('.local'),
});
const trafficConfig = z.object({ TRAFFIC_CONTROL_PORT: port().optional() });

/** Carries out one command and answers what to print. */
async function carryOut(command: LabCommand): Promise<string> {
  if (command.kind === 'restart' || command.kind === 'reset') return treatLab(command.kind, command.lab);
  const { TRAFFIC_CONTROL_PORT } = exitOnConfigError(() => parseEnvironment(trafficConfig, process.env));
  if (TRAFFIC_CONTROL_PORT === undefined) {
    throw new ProxywatchError('SERVICE_UNREACHABLE', 'no .local/env tells where the traffic is; is npm start running?');
  }
  return askTraffic(TRAFFIC_CONTROL_PORT, command.kind);
}

async function treatLab(kind: 'restart' | 'reset', number: number): Promise<string> {
  const { LAB_PORT, LOCAL_DIR } = exitOnConfigError(() => parseEnvironment(labConfig, process.env));
  const lab = labAddress(LAB_PORT, number);
  if (kind === 'reset') return `${labName(lab)}: ${await resetDigests(lab.adminPort)} digest rows reset`;
  await restartLab({ pidFile: join(LOCAL_DIR, 'run', `${labName(lab)}.pid`), adminPort: lab.adminPort });
  return `${labName(lab)}: back on ${adminAddress(lab)}`;
}

const command = exitOnConfigError(() => parseCommand(process.argv.slice(2), LAB_PROXIES), {
  print: (message) => console.error(message),
});
try {
  console.log(await carryOut(command));
} catch (error) {
  console.error(`lab: ${messageOf(error)}`);
  process.exitCode = 1;
}
