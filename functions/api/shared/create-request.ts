import type { Caller } from '@proxywatch/core/domain/access/caller';
import type { Answer } from './answer.ts';
import type { AnyRequest } from './api-request.ts';
import type { ApiRuntime } from './api-runtime.ts';
import type { Exchange } from './exchange.ts';
import { answerOnce, type KeepAnswer, type OnceContext, requestHashOf } from './idempotency.ts';
import type { RequestInput } from './read-input.ts';
import { noteAudit, runChange } from './request-change.ts';

export interface RequestParts {
  readonly exchange: Exchange;
  readonly runtime: ApiRuntime;
  readonly input: RequestInput;
  readonly caller: Caller;
  readonly ifMatch: number | undefined;
  readonly reason: string;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  readonly keep: KeepAnswer;
  readonly once: OnceContext;
}

/** What a use case gets. */
export function createRequest(parts: RequestParts): AnyRequest {
  const { exchange, runtime, input, caller, ifMatch, reason, dryRun, signal, keep, once } = parts;
  const { requestId } = exchange;
  const context = {
    get db() {
      return runtime.deps.db;
    },
    actor: caller.name,
    sourceAddress: exchange.event.requestContext.identity.sourceIp.slice(0, 64),
    requestId,
    reason,
    dryRun,
    signal,
    keepAnswer: keep,
  };
  return {
    ...input,
    caller,
    requestId,
    ifMatch,
    reason,
    dryRun,
    signal,
    log: runtime.deps.log,
    cursors: runtime.cursors,
    change: (work) => runChange(context, work),
    note: (record) => noteAudit(context, record),
    item(index, body, work): Promise<Answer> {
      // Each item has its own part of the key: a batch that died half way goes on where it was.
      const key = once.key === undefined ? undefined : `${once.key}#${index}`;
      const { caller: owner, log } = once;
      const requestHash = requestHashOf(once.requestHash, index);
      const own: OnceContext = {
        get db() {
          return once.db;
        },
        caller: owner,
        key,
        requestHash,
        signal,
        log,
      };
      return answerOnce(own, (keepItem) =>
        work(createRequest({ ...parts, input: { ...input, body }, keep: keepItem, once: own })),
      );
    },
  };
}
