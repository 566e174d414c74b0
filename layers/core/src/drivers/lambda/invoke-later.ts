import { InvokeCommand, LambdaClient, type LambdaClientConfig } from '@aws-sdk/client-lambda';
import { messageOf, ProxywatchError } from '../../domain/errors.ts';
import { withinTime } from './within-time.ts';

export interface LambdaInvokerOptions {
  /** Name or ARN, with an alias where there is one. */
  readonly functionName: string;
  /** Connections at once, each kept for the next invocation. @default 50 */
  readonly maxConnections?: number;
  /** Longest that one invocation may take to be accepted. @default 5000 */
  readonly timeoutMs?: number;
  /** What differs from the environment: region, endpoint, credentials. */
  readonly client?: Pick<LambdaClientConfig, 'region' | 'endpoint' | 'credentials'>;
}

/** Has a function run later: an invocation is accepted and queued. */
export interface LaterInvocations {
  /** Sends the payload once. Rejects with INVOKE_THROTTLED or INVOKE_FAILED, or with the signal's reason. */
  send(payload: unknown, signal?: AbortSignal): Promise<void>;
  /** Ends the connections. */
  close(): void;
}

const ACCEPTED = 202;
const TOO_MANY_REQUESTS = 429;

export function createLaterInvocations(options: LambdaInvokerOptions): LaterInvocations {
  const { functionName, maxConnections = 50, timeoutMs = 5_000 } = options;
  const agent = { keepAlive: true, maxSockets: maxConnections };
  const client = new LambdaClient({
    ...options.client,
    maxAttempts: 1,
    requestHandler: { httpAgent: agent, httpsAgent: agent, connectionTimeout: timeoutMs },
  });
  return {
    async send(payload, signal) {
      const command = new InvokeCommand({
        FunctionName: functionName,
        InvocationType: 'Event',
        Payload: JSON.stringify(payload),
      });
      const send = (abortSignal: AbortSignal) => client.send(command, { abortSignal });
      const tooSlow = () => failed(functionName, `no answer within ${timeoutMs} ms`);
      try {
        const { StatusCode } = await withinTime(send, timeoutMs, signal, tooSlow);
        if (StatusCode !== ACCEPTED) throw failed(functionName, `answered ${StatusCode}`);
      } catch (error) {
        signal?.throwIfAborted();
        throw error instanceof ProxywatchError ? error : invokeError(error, functionName);
      }
    },
    close: () => client.destroy(),
  };
}

/** Lambda names its limits differently: of requests, of concurrency, of the queue. The client's error is no cause: it carries the request. */
function invokeError(error: unknown, functionName: string): ProxywatchError {
  const { name, status } = detailsOf(error);
  const reason = `${name}: ${messageOf(error)}`;
  const isThrottled = status === TOO_MANY_REQUESTS || /^TooManyRequests|Thrott|RequestLimitExceeded/.test(name);
  return isThrottled
    ? new ProxywatchError('INVOKE_THROTTLED', `lambda ${functionName}: ${reason}`)
    : failed(functionName, reason);
}

function detailsOf(error: unknown): { readonly name: string; readonly status: number | undefined } {
  if (!(error instanceof Error)) return { name: 'error', status: undefined };
  const metadata = '$metadata' in error ? error.$metadata : undefined;
  const isObject = typeof metadata === 'object' && metadata !== null;
  const status = isObject && 'httpStatusCode' in metadata ? metadata.httpStatusCode : undefined;
  return { name: error.name, status: typeof status === 'number' ? status : undefined };
}

function failed(functionName: string, reason: string): ProxywatchError {
  return new ProxywatchError('INVOKE_FAILED', `lambda ${functionName}: ${reason}`);
}
