import { errorCodeOf } from '@proxywatch/core/domain/errors';
import { publishRegistry } from '@proxywatch/core/drivers/registry/publish-registry';
import type { Answer } from '#api/answer';
import type { ApiDeps } from '#api/api-deps';
import type { ApiRequest } from '#api/api-request';

/**
 * Has gateways and scanner hear of what was changed. What is committed stands, whether they hear of it now or with the next
 * publication: that only makes a warning.
 */
export async function publishChange(
  { db, registry }: Pick<ApiDeps, 'db' | 'registry'>,
  {
    dryRun,
    signal,
    requestId,
    log,
  }: Pick<ApiRequest<unknown, unknown, unknown>, 'dryRun' | 'signal' | 'requestId' | 'log'>,
  answer: Answer,
): Promise<Answer> {
  if (dryRun) return answer;
  try {
    await publishRegistry(db, registry, signal);
    return answer;
  } catch (error) {
    log.warn('registry not published', { requestId, code: errorCodeOf(error) ?? 'INTERNAL' });
    const warning =
      '199 proxywatch "gateways and scanner hear of the change later: the registry could not be published"';
    return { ...answer, headers: { ...answer.headers, warning } };
  }
}
