import { collectRequest } from '@proxywatch/core/config/collect-request';
import { madeOnce } from '@proxywatch/core/config/made-once';
import { parseJson } from '@proxywatch/core/config/parse-json';
import { resolveEnvironment } from '@proxywatch/core/config/resolve-environment';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { createJsonLog } from '@proxywatch/core/drivers/log/json-log';
import { createAwsSecrets } from '@proxywatch/core/drivers/secrets/aws-secrets';
import type { Collect, CollectReport, ProxyReport } from './collect.ts';
import { parseCollectConfig } from './config.ts';
import { openCollect } from './deps.ts';

/** Of the time that Lambda gives us, for answering. */
const RESERVE_MS = 500;

interface LambdaContext {
  getRemainingTimeInMillis(): number;
}

const secrets = createAwsSecrets();
/** Kept for the next invocation of this process; a wrong configuration, or a secret that is away, rejects each of them. */
const fetchShared = madeOnce(createShared);

async function createShared(): Promise<Collect> {
  const config = parseCollectConfig(await resolveEnvironment(process.env, secrets));
  return openCollect(
    config,
    createJsonLog((line) => process.stdout.write(line)),
    secrets,
  );
}

/**
 * Collects from the proxies of a request. Rejects with CONFIG_INVALID for an event that is none, and when not one proxy could
 * be worked on for a reason that lies with us: Lambda then keeps the request with the reason, among the dead letters.
 */
export async function handler(event: unknown, context: LambdaContext): Promise<CollectReport> {
  const deadlineMs = Date.now() + context.getRemainingTimeInMillis() - RESERVE_MS;
  const request = parseJson(collectRequest, JSON.stringify(event ?? null), 'the request to collect');
  const shared = await fetchShared();
  const report = await shared.collect(request, new AbortController().signal, deadlineMs);
  throwIfAllFailed(report);
  return report;
}

export function throwIfAllFailed({ proxies }: CollectReport): void {
  const [first] = proxies;
  if (!first?.problem || proxies.some(({ outcome }) => outcome !== 'failed')) return;
  throw new ProxywatchError(first.problem.code, told(first, proxies.length));
}

function told({ proxy, problem }: ProxyReport, count: number): string {
  const others = count > 1 ? `, and nothing of ${count - 1} others` : '';
  return `nothing was collected from ${proxy}${others}: ${problem?.message}`;
}
