import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from '@proxywatch/core/config/parse-environment';
import { checkJson } from '@proxywatch/core/config/parse-json';
import { messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import { z } from 'zod';
import { DEFAULT_PORT } from './config.ts';

export interface TaskIdentityOptions {
  /** For all attempts together: a task may start before its network is known. @default 10,000 */
  readonly timeoutMs?: number;
  /** @default 250 */
  readonly pauseMs?: number;
}

const VARIABLE = 'ECS_CONTAINER_METADATA_URI_V4';
const REQUEST_TIMEOUT_MS = 2_000;

const network = z.object({ IPv4Addresses: z.array(z.ipv4()).optional() });
const taskMetadata = z.object({
  TaskARN: z.string().optional(),
  Family: z.string().optional(),
  Revision: z.string().optional(),
  Containers: z.array(z.object({ Networks: z.array(network).optional() })).optional(),
});

type Identity = Partial<Record<'GATEWAY_ID' | 'GATEWAY_ADVERTISE' | 'GATEWAY_RELEASE', string>>;

/**
 * The environment with what an ECS task knows of itself: GATEWAY_ID (the id of the task), GATEWAY_ADVERTISE (its private
 * IPv4 address, and GATEWAY_PORT) and GATEWAY_RELEASE (family:revision of its definition). What is set stays as it is, and
 * nobody is asked when all of it is, or outside ECS.
 *
 * Source: task metadata endpoint, version 4. Rejects with SERVICE_UNREACHABLE, which names what was missing.
 */
export async function withTaskIdentity(env: Environment, options: TaskIdentityOptions = {}): Promise<Environment> {
  const address = env[VARIABLE];
  const isComplete = [env.GATEWAY_ID, env.GATEWAY_ADVERTISE, env.GATEWAY_RELEASE].every(Boolean);
  if (!address || isComplete) return env;
  const { timeoutMs = 10_000, pauseMs = 250 } = options;
  const deadline = AbortSignal.timeout(timeoutMs);
  let problem = 'no answer';
  while (!deadline.aborted) {
    try {
      const answer = await askFor(`${address}/task`, env, deadline);
      if (!('problem' in answer)) return { ...env, ...answer };
      problem = answer.problem;
    } catch (error) {
      // What is broken off at the end says less than what was heard before.
      if (!deadline.aborted) problem = messageOf(error);
    }
    await sleep(pauseMs, undefined, { signal: deadline }).catch(() => undefined);
  }
  throw new ProxywatchError(
    'SERVICE_UNREACHABLE',
    `the metadata of the task (${VARIABLE}) did not say who this gateway is within ${timeoutMs} ms: ${problem}`,
  );
}

async function askFor(
  url: string,
  env: Environment,
  deadline: AbortSignal,
): Promise<Identity | { readonly problem: string }> {
  const signal = AbortSignal.any([deadline, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]);
  const response = await fetch(url, { signal, redirect: 'error' });
  const text = await response.text();
  if (!response.ok) return { problem: `answered ${response.status}` };
  const parsed = checkJson(taskMetadata, text);
  if ('problems' in parsed) return { problem: parsed.problems.slice(0, 3).join(', ') };
  return identityOf(parsed.value, env);
}

function identityOf(task: z.infer<typeof taskMetadata>, env: Environment): Identity | { readonly problem: string } {
  const { TaskARN, Family, Revision, Containers = [] } = task;
  const id = TaskARN?.split('/').at(-1);
  const [address] = Containers.flatMap(({ Networks = [] }) => Networks.flatMap((each) => each.IPv4Addresses ?? []));
  const found = {
    GATEWAY_ID: env.GATEWAY_ID || id,
    GATEWAY_ADVERTISE: env.GATEWAY_ADVERTISE || (address && `${address}:${env.GATEWAY_PORT || DEFAULT_PORT}`),
    GATEWAY_RELEASE: env.GATEWAY_RELEASE || (Family && Revision && `${Family}:${Revision}`),
  };
  const missing = [
    !found.GATEWAY_ID && 'TaskARN for GATEWAY_ID',
    !found.GATEWAY_ADVERTISE && 'Containers[].Networks[].IPv4Addresses for GATEWAY_ADVERTISE',
    !found.GATEWAY_RELEASE && 'Family and Revision for GATEWAY_RELEASE',
  ].filter((part) => part !== false);
  return missing.length === 0 ? found : { problem: `no ${missing.join(', no ')}` };
}
