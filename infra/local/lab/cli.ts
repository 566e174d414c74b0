import { join } from 'node:path';
import { exitOnConfigError } from '@proxywatch/core/config/exit-on-config-error';
import { nonEmpty, port } from '@proxywatch/core/config/fields';
import { parseEnvironment } from '@proxywatch/core/config/parse-environment';
import { messageOf } from '@proxywatch/core/domain/errors';
import { z } from 'zod';
import { type LabCommand, parseCommand } from './cli/parse-command.ts';
import { resetDigests } from './cli/reset-lab.ts';
import { restartLab } from './cli/restart-lab.ts';
import { askTraffic } from './cli/traffic-control.ts';

/** Admin ports of neighbouring lab proxies are this far apart. */
const PORT_STEP = 10;

const labConfig = z.object({
  LAB_PORT: port().default(16_032),
  /** Where the local run keeps its files. */
  LOCAL_DIR: nonEmpty().default('.local'),
});
const trafficConfig = z.object({ TRAFFIC_CONTROL_PORT: port() });

/** Carries out one command and answers what to print. */
async function carryOut(command: LabCommand): Promise<string> {
  if (command.kind === 'restart' || command.kind === 'reset') return treatLab(command.kind, command.lab);
  const { TRAFFIC_CONTROL_PORT } = exitOnConfigError(() => parseEnvironment(trafficConfig, process.env));
  return askTraffic(TRAFFIC_CONTROL_PORT, command.kind);
}

async function treatLab(kind: 'restart' | 'reset', lab: number): Promise<string> {
  const { LAB_PORT, LOCAL_DIR } = exitOnConfigError(() => parseEnvironment(labConfig, process.env));
  const adminPort = LAB_PORT + PORT_STEP * (lab - 1);
  if (kind === 'reset') return `lab proxy ${lab}: ${await resetDigests(adminPort)} digest rows reset`;
  await restartLab({ pidFile: join(LOCAL_DIR, 'run', `lab-${lab}.pid`), adminPort });
  return `lab proxy ${lab}: back on 127.0.0.1:${adminPort}`;
}

const command = exitOnConfigError(() => parseCommand(process.argv.slice(2)), {
  print: (message) => console.error(message),
});
try {
  console.log(await carryOut(command));
} catch (error) {
  console.error(`lab: ${messageOf(error)}`);
  process.exitCode = 1;
}
