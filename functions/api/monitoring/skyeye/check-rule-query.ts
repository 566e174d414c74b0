import { errorCodeOf, messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import { enforceNamespaces } from '@proxywatch/core/drivers/skyeye/enforce-namespaces';
import type { ApiDeps } from '#api/api-deps';

const ALERTING = ['vector', 'scalar'];

/**
 * Throws UNPROCESSABLE for a query that is no PromQL, that the monitoring platform does not take, or that nothing can be
 * alerted by. Where the platform cannot be asked, the grammar alone decides.
 */
export async function checkRuleQuery(
  { skyeye, log }: Pick<ApiDeps, 'skyeye' | 'log'>,
  query: string,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  const enforced = enforceNamespaces(query, [namespace], '/query');
  const kind = await kindOf();
  if (kind !== undefined && !ALERTING.includes(kind)) throw refused(`it is a ${kind}: expected an instant vector`);

  async function kindOf(): Promise<string | undefined> {
    try {
      return (await skyeye.query(enforced, undefined, signal)).kind;
    } catch (error) {
      signal.throwIfAborted();
      if (errorCodeOf(error) === 'UNPROCESSABLE') throw refused(messageOf(error));
      log.warn('a query of an alert rule was not tried', { code: errorCodeOf(error) ?? 'INTERNAL' });
      return undefined;
    }
  }
}

function refused(message: string): ProxywatchError {
  return new ProxywatchError('UNPROCESSABLE', 'the query cannot be taken', {
    problems: [{ pointer: '/query', message }],
  });
}
