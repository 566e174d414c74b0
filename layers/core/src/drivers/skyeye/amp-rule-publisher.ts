import { setTimeout as delay } from 'node:timers/promises';
import {
  AmpClient,
  type AmpClientConfig,
  CreateRuleGroupsNamespaceCommand,
  DeleteRuleGroupsNamespaceCommand,
  PutRuleGroupsNamespaceCommand,
} from '@aws-sdk/client-amp';
import { messageOf } from '../../domain/errors.ts';
import type { AlertRulePublisher } from '../../ports/skyeye.ts';
import { ruleFileText } from './rule-file.ts';
import { refused, unprocessable, unreachable } from './skyeye-error.ts';

export interface AmpRulePublisherOptions {
  readonly workspaceId: string;
  /** The rule groups namespace that belongs to us alone. @default proxywatch-alerts */
  readonly name?: string;
  /** Longest that one publication may take. @default 8000 */
  readonly timeoutMs?: number;
  /** What differs from the environment: region, endpoint, credentials. */
  readonly client?: Pick<AmpClientConfig, 'region' | 'endpoint' | 'credentials'>;
}

const NOT_THERE = 'ResourceNotFoundException';
const RETRY_MS = 500;
const LATER = ['ThrottlingException', 'InternalServerException', 'TimeoutError'];

/** Puts the rules into the ruler of Amazon Managed Service for Prometheus. */
export function createAmpRulePublisher(options: AmpRulePublisherOptions): AlertRulePublisher {
  const { workspaceId, name = 'proxywatch-alerts', timeoutMs = 8_000 } = options;
  const client = new AmpClient({ ...options.client, maxAttempts: 2 });

  async function put(text: string, abortSignal: AbortSignal): Promise<void> {
    const groups = { workspaceId, name, data: new TextEncoder().encode(text) };
    try {
      await client.send(new PutRuleGroupsNamespaceCommand(groups), { abortSignal });
    } catch (error) {
      if (nameOf(error) !== NOT_THERE) throw error;
      await client.send(new CreateRuleGroupsNamespaceCommand(groups), { abortSignal });
    }
  }

  /** AMP takes no file without groups. */
  async function remove(abortSignal: AbortSignal): Promise<void> {
    try {
      await client.send(new DeleteRuleGroupsNamespaceCommand({ workspaceId, name }), { abortSignal });
    } catch (error) {
      if (nameOf(error) !== NOT_THERE) throw error;
    }
  }

  /** AMP takes over one set of rules after the other, which takes a moment. */
  async function whenFree(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (nameOf(error) !== 'ConflictException') throw error;
        await delay(RETRY_MS, undefined, { signal });
      }
    }
  }

  return {
    async publish(rules, signal) {
      const limit = AbortSignal.timeout(timeoutMs);
      const abortSignal = signal === undefined ? limit : AbortSignal.any([signal, limit]);
      try {
        const text = ruleFileText(rules);
        await whenFree(() => (rules.length === 0 ? remove(abortSignal) : put(text, abortSignal)), abortSignal);
      } catch (error) {
        signal?.throwIfAborted();
        if (limit.aborted) throw unreachable(`no answer within ${timeoutMs} ms`);
        throw ampError(error);
      }
    },
  };
}

/** The client's error is no cause: it carries the request, and where it went. */
function ampError(error: unknown) {
  const name = nameOf(error);
  if (name === 'ValidationException') return unprocessable(messageOf(error));
  const status = statusOf(error);
  if (status === undefined || status >= 500 || LATER.includes(name)) return unreachable(name);
  return refused(`it answered ${name}`);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'error';
}

function statusOf(error: unknown): number | undefined {
  const metadata = error instanceof Error && '$metadata' in error ? error.$metadata : undefined;
  const isObject = typeof metadata === 'object' && metadata !== null;
  const status = isObject && 'httpStatusCode' in metadata ? metadata.httpStatusCode : undefined;
  return typeof status === 'number' ? status : undefined;
}
