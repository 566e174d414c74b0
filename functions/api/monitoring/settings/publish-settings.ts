import { messageOf } from '@proxywatch/core/domain/errors';
import { publishRegistry } from '@proxywatch/core/drivers/registry/publish-registry';
import type { Answer } from '#api/answer';
import type { ApiDeps } from '#api/api-deps';
import type { ApiRequest } from '#api/api-request';

/** Has gateways and scanner read what was changed. The change stands if that fails, and is published with the next one. */
export async function withRegistryPublished(
  { db, registry, log }: Pick<ApiDeps, 'db' | 'registry' | 'log'>,
  { dryRun, requestId, signal }: Pick<ApiRequest<unknown, unknown, unknown>, 'dryRun' | 'requestId' | 'signal'>,
  answer: Answer,
): Promise<Answer> {
  if (dryRun) return answer;
  try {
    await publishRegistry(db, registry, signal);
    return answer;
  } catch (error) {
    log.error('the registry is not published', { requestId, problem: messageOf(error) });
    const warning =
      '199 proxywatch "the change is kept, and reaches gateways and scanner later: the registry is not published"';
    return { ...answer, headers: { ...answer.headers, warning } };
  }
}
