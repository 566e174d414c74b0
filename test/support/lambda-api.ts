import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { CollectRequest } from '@proxywatch/core/ports/collect-invoker';

/** What the API does with an invocation: accepts it, refuses it, or never answers. */
export type Answer =
  | { readonly kind: 'accept' }
  | { readonly kind: 'refuse'; readonly status: number; readonly type: string; readonly message?: string }
  | { readonly kind: 'hang' };

export interface LambdaApi {
  /** For `createLambdaInvoker`. */
  readonly client: {
    readonly region: string;
    readonly endpoint: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  /** Invocations that were accepted, in order. */
  readonly accepted: readonly CollectRequest[];
  /** Attempts, whatever became of them. */
  readonly attempts: readonly Attempt[];
  /** The most attempts that were under way at once. */
  readonly peak: number;
  readonly connections: number;
  close(): Promise<void>;
}

export interface Attempt {
  readonly path: string;
  readonly invocationType: string | undefined;
  readonly request: CollectRequest;
}

export interface LambdaApiOptions {
  readonly latencyMs?: number;
  /** Decides by the attempts before this one. @default accept */
  readonly answer?: (request: CollectRequest, earlier: number) => Answer;
}

export const THROTTLED: Answer = {
  kind: 'refuse',
  status: 429,
  type: 'TooManyRequestsException',
  message: 'Rate exceeded',
};

/** The Invoke call of Lambda's API, as far as asynchronous invocations use it. */
export async function startLambdaApi({ latencyMs = 0, answer }: LambdaApiOptions = {}): Promise<LambdaApi> {
  const accepted: CollectRequest[] = [];
  const attempts: Attempt[] = [];
  let [underWay, peak, connections] = [0, 0, 0];

  async function serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    underWay += 1;
    peak = Math.max(peak, underWay);
    response.once('close', () => {
      underWay -= 1;
    });
    const request: CollectRequest = JSON.parse(await bodyOf(message));
    const what = answer?.(request, attempts.length) ?? { kind: 'accept' };
    const invocationType = message.headers['x-amz-invocation-type'];
    attempts.push({ path: message.url ?? '', invocationType: invocationType?.toString(), request });
    if (what.kind === 'hang') return;
    if (latencyMs > 0) await delay(latencyMs);
    if (what.kind === 'accept') {
      accepted.push(request);
      response.writeHead(202, { 'content-length': 0, 'x-amzn-requestid': 'r' }).end();
      return;
    }
    const text = JSON.stringify({ Type: 'User', message: what.message ?? what.type });
    response.writeHead(what.status, { 'content-type': 'application/json', 'x-amzn-errortype': what.type }).end(text);
  }

  const server = createServer((message, response) => {
    serve(message, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    client: {
      region: 'eu-central-1',
      endpoint: `http://127.0.0.1:${port}`,
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example-secret' },
    },
    accepted,
    attempts,
    get peak() {
      return peak;
    },
    get connections() {
      return connections;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bodyOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
