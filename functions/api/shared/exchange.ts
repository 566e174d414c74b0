import type { Caller } from '@proxywatch/core/domain/access/caller';
import type { Answer } from './answer.ts';
import type { ApiRuntime } from './api-runtime.ts';
import type { GatewayEvent, LambdaContext } from './gateway-event.ts';
import type { RequestHeaders } from './request-headers.ts';
import type { AnyRoute } from './route.ts';

/** One request on its way through the kit, with what was found out about it so far: for the answer and the log. */
export interface Exchange {
  readonly event: GatewayEvent;
  readonly context: LambdaContext;
  readonly requestId: string;
  readonly startedMs: number;
  readonly headers: RequestHeaders;
  runtime?: ApiRuntime;
  route?: AnyRoute;
  caller?: Caller;
  answer?: Answer;
  error?: unknown;
}
