import { z } from 'zod';
import { isProxywatchError } from '../../domain/errors.ts';
import { type OutgoingRequest, type SigV4Options, signedHeaders } from '../auth/sign-request.ts';
import type { ServiceGuard } from './service-guard.ts';
import { networkReason, refused, unprocessable, unreachable } from './skyeye-error.ts';

/** Amazon Managed Service for Prometheus. */
const AMP = { service: 'aps', name: 'skyeye' };

export interface PrometheusHttpOptions {
  /** With the path before `/api/v1`, if there is one. */
  readonly url: string;
  readonly sigV4?: SigV4Options;
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
  readonly guard: ServiceGuard;
}

const OUR_FAULTS: readonly number[] = [401, 403, 404, 405];

/** What `/api/v1/…` answers, whatever was asked. */
const envelope = z.object({
  status: z.enum(['success', 'error']),
  data: z.unknown().optional(),
  errorType: z.string().optional(),
  error: z.string().optional(),
  warnings: z.array(z.string()).nullish(),
});
export type PrometheusAnswer = Pick<z.infer<typeof envelope>, 'data' | 'warnings'>;

/**
 * One request to the Prometheus HTTP API. Rejects with SERVICE_UNREACHABLE, SERVICE_REFUSED or UNPROCESSABLE, or with the
 * reason of the signal.
 */
export type PrometheusHttp = (
  path: `/${string}`,
  form: Readonly<Record<string, string>> | undefined,
  signal: AbortSignal | undefined,
) => Promise<PrometheusAnswer>;

export function createPrometheusHttp(options: PrometheusHttpOptions): PrometheusHttp {
  const base = options.url.replace(/\/+$/, '');
  return (path, form, signal) => {
    const request: OutgoingRequest = {
      // Queries are too long for a URL.
      method: form === undefined ? 'GET' : 'POST',
      url: new URL(`${base}${path}`),
      headers: {
        accept: 'application/json',
        ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      body: form && new URLSearchParams(form).toString(),
    };
    return options.guard(() => ask(request, options, signal));
  };
}

async function ask(
  request: OutgoingRequest,
  { sigV4, timeoutMs, maxAnswerBytes }: PrometheusHttpOptions,
  signal: AbortSignal | undefined,
): Promise<PrometheusAnswer> {
  signal?.throwIfAborted();
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: sigV4 === undefined ? request.headers : await signedHeaders(request, { ...sigV4, ...AMP }),
      body: request.body ?? null,
      // Nobody knows where else it would lead, with our signature.
      redirect: 'manual',
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    });
    return answerOf(response.status, await readText(response, maxAnswerBytes));
  } catch (error) {
    signal?.throwIfAborted();
    if (limit.aborted) throw unreachable(`no answer within ${timeoutMs} ms`);
    throw isProxywatchError(error) ? error : unreachable(networkReason(error));
  }
}

/** Gives up once it is too long: what is on its way is not waited for. */
async function readText(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) {
      throw unprocessable(`the answer is longer than ${maxBytes} bytes: ask for fewer series, or fewer points of each`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function answerOf(status: number, text: string): PrometheusAnswer {
  const answer = envelope.safeParse(jsonOf(text)).data;
  if (status === 429) throw unreachable('it asks for fewer requests');
  // It refuses us, or there is no such API at that address: nothing that the caller could do about.
  if (status < 400 ? status >= 300 : OUR_FAULTS.includes(status)) {
    throw refused(`it answered ${status}`);
  }
  if (status >= 500) {
    // A query that takes too long is told as one that could be served later.
    if (answer?.errorType === 'timeout') throw unprocessable(answer.error ?? 'it takes too long');
    throw unreachable(`it answered ${status}`);
  }
  if (status >= 400) throw unprocessable(answer?.error ?? `it answered ${status}`);
  if (answer?.status !== 'success') throw refused('no answer of the Prometheus API');
  return answer;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
