import { messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import { type AwsCredentials, signedHeaders } from '@proxywatch/core/drivers/auth/sign-request';
import type { CliRequest } from './build-request.ts';

export interface CliAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed where it is JSON, else text; `undefined`: none. */
  readonly body: unknown;
}

export type Send = (request: CliRequest) => Promise<CliAnswer>;

/** How a request says who sends it. */
export type Identity =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'token'; readonly token: string }
  /** A principal of IAM. @default credentials of the environment */
  | { readonly kind: 'iam'; readonly region: string; readonly credentials?: () => AwsCredentials };

/** The API gives up after 29 s itself. */
const TIMEOUT_MS = 35_000;
const MAX_BODY_BYTES = 50_000_000;

/** Sends requests to the API at `url`, which may have a path. Rejects with SERVICE_UNREACHABLE when nobody answers. */
export function createSend(url: string, identity: Identity): Send {
  return async ({ method, path, headers, body }) => {
    const target = below(url, path);
    const all = await identified(
      { method, url: target, headers: { accept: 'application/json', ...headers }, body },
      identity,
    );
    try {
      const response = await fetch(target, {
        method,
        headers: all,
        body: body ?? null,
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return { status: response.status, headers: response.headers, body: bodyOf(response, await textOf(response)) };
    } catch (error) {
      throw new ProxywatchError('SERVICE_UNREACHABLE', `${url} does not answer: ${reasonOf(error)}`);
    }
  };
}

/** A path of the API, or one from an answer, which has the path before the API already. */
function below(url: string, path: string): URL {
  const base = new URL(url).pathname.replace(/\/$/, '');
  return new URL(base !== '' && path.startsWith(`${base}/`) ? path : base + path, url);
}

async function identified(request: Parameters<typeof signedHeaders>[0], identity: Identity) {
  const { headers } = request;
  if (identity.kind === 'nobody') return headers;
  if (identity.kind === 'token') return { ...headers, authorization: `Bearer ${identity.token}` };
  return signedHeaders(request, { ...identity, service: 'execute-api', name: 'the API' });
}

async function textOf(response: Response): Promise<string> {
  if (Number(response.headers.get('content-length')) > MAX_BODY_BYTES) throw new Error('the answer is too large');
  return response.text();
}

function bodyOf(response: Response, text: string): unknown {
  if (text === '') return undefined;
  return /\bjson\b/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : text;
}

/** fetch says only "fetch failed"; what failed is its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return messageOf(cause ?? error);
}
