import { errorCodeOf, messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import {
  type AlertRuleRecord,
  fetchEnabledAlertRules,
} from '@proxywatch/core/drivers/dcdb/alert-rules/alert-rule-repository';
import { enforceNamespaces } from '@proxywatch/core/drivers/skyeye/enforce-namespaces';
import type { AlertRule } from '@proxywatch/core/ports/skyeye';
import type { Answer } from '../../shared/answer.ts';
import type { ApiDeps } from '../../shared/api-deps.ts';
import type { ApiRequest } from '../../shared/api-request.ts';

type Publishing = Pick<ApiDeps, 'db' | 'alertRules' | 'log'>;

const ATTEMPTS = 3;

/**
 * Has the monitoring platform take over the rules as the DCDB has them. Two callers may do so at once, and the one who read
 * first may write last: so each looks again whether what it has published is still what there is.
 */
export async function publishRules(deps: Publishing, signal: AbortSignal): Promise<{ readonly rules: number }> {
  let rules = await fetchRules(deps, signal);
  for (let attempt = 1; ; attempt += 1) {
    await deps.alertRules.publish(rules, signal);
    const now = await fetchRules(deps, signal);
    if (JSON.stringify(now) === JSON.stringify(rules)) return { rules: rules.length };
    if (attempt === ATTEMPTS)
      throw new ProxywatchError('CONFLICT', 'the alert rules change faster than they are published');
    rules = now;
  }
}

/** After a change of rules, which stands whatever becomes of publishing it. */
export async function withPublication(
  deps: Publishing,
  { dryRun, requestId, signal }: Pick<ApiRequest<unknown, unknown, unknown>, 'dryRun' | 'requestId' | 'signal'>,
  answer: Answer,
): Promise<Answer> {
  if (dryRun) return answer;
  try {
    await publishRules(deps, signal);
    return told(answer, true);
  } catch (error) {
    deps.log.error('alert rules are not published', { requestId, problem: messageOf(error) });
    const reason = errorCodeOf(error) === 'UNPROCESSABLE' ? 'refuses them' : 'is unavailable';
    const warning = `199 proxywatch "the change is kept, but the alert rules are not published: skyeye ${reason}"`;
    return { ...told(answer, false), headers: { ...answer.headers, warning } };
  }
}

function told(answer: Answer, published: boolean): Answer {
  const { body } = answer;
  return typeof body === 'object' && body !== null ? { ...answer, body: { ...body, published } } : answer;
}

async function fetchRules({ db, log }: Publishing, signal: AbortSignal): Promise<readonly AlertRule[]> {
  const records = await fetchEnabledAlertRules(db, signal);
  return records.flatMap((record) => {
    try {
      return [enforced(record)];
    } catch (error) {
      // It was taken by a release that knew more, or less, of PromQL. The others must not wait for it.
      log.error('an alert rule is left out', { rule: record.id, problem: messageOf(error) });
      return [];
    }
  });
}

function enforced({ id, namespace, name, query, forS, labels, annotations }: AlertRuleRecord): AlertRule {
  return { id, namespace, name, query: enforceNamespaces(query, [namespace], '/query'), forS, labels, annotations };
}
