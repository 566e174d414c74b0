import { errorCodeOf, messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import {
  type AlertRuleRecord,
  fetchEnabledAlertRules,
} from '@proxywatch/core/drivers/dcdb/alert-rules/alert-rule-repository';
import { enforceNamespaces } from '@proxywatch/core/drivers/skyeye/enforce-namespaces';
import type { AlertRule } from '@proxywatch/core/ports/skyeye';
import type { Answer } from '#api/answer';
import type { ApiDeps } from '#api/api-deps';
import type { ApiRequest } from '#api/api-request';

type Publishing = Pick<ApiDeps, 'db' | 'alertRules' | 'skyeye' | 'log'>;

export interface Published {
  readonly rules: number;
  /** Rules that the platform refuses: the others must not wait for them. */
  readonly refused: readonly RefusedRule[];
}

export type RefusedRule = Pick<AlertRule, 'id' | 'namespace'>;

const ATTEMPTS = 3;

/**
 * Has the monitoring platform take over the rules as the DCDB has them. Two callers may do so at once, and the one who read
 * first may write last: so each looks again whether what it has published is still what there is.
 */
export async function publishRules(deps: Publishing, signal: AbortSignal): Promise<Published> {
  let rules = await fetchRules(deps, signal);
  for (let attempt = 1; ; attempt += 1) {
    const refused = await publishTakeable(deps, rules, signal);
    const now = await fetchRules(deps, signal);
    if (JSON.stringify(now) === JSON.stringify(rules)) return { rules: rules.length - refused.length, refused };
    if (attempt === ATTEMPTS)
      throw new ProxywatchError('CONFLICT', 'the alert rules change faster than they are published');
    rules = now;
  }
}

/**
 * Publishes all, or without those of which the platform refuses the query: they were taken while it could not be asked.
 * Answers those. Rejects when it refuses the others too.
 */
async function publishTakeable(
  { alertRules, skyeye, log }: Publishing,
  rules: readonly AlertRule[],
  signal: AbortSignal,
): Promise<readonly RefusedRule[]> {
  try {
    await alertRules.publish(rules, signal);
    return [];
  } catch (error) {
    if (errorCodeOf(error) !== 'UNPROCESSABLE') throw error;
    const refused = new Map<string, string>();
    for (const { id, query } of rules) {
      await skyeye.query(query, undefined, signal).catch((problem: unknown) => {
        if (errorCodeOf(problem) !== 'UNPROCESSABLE') throw problem;
        refused.set(id, messageOf(problem));
      });
    }
    if (refused.size === 0) throw error;
    await alertRules.publish(
      rules.filter(({ id }) => !refused.has(id)),
      signal,
    );
    for (const [rule, problem] of refused) log.error('an alert rule is refused', { rule, problem });
    return rules.filter(({ id }) => refused.has(id));
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
    const { refused } = await publishRules(deps, signal);
    const { body } = answer;
    const isRefused =
      typeof body === 'object' && body !== null && 'id' in body && refused.some(({ id }) => id === body.id);
    if (isRefused) return unpublished(answer, 'skyeye refuses it');
    return told(answer, true);
  } catch (error) {
    deps.log.error('alert rules are not published', { requestId, problem: messageOf(error) });
    return unpublished(answer, `skyeye ${errorCodeOf(error) === 'UNPROCESSABLE' ? 'refuses them' : 'is unavailable'}`);
  }
}

function unpublished(answer: Answer, reason: string): Answer {
  const warning = `199 proxywatch "the change is kept, but not published: ${reason}"`;
  return { ...told(answer, false), headers: { ...answer.headers, warning } };
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
