import { type ErrorCode, isProxywatchError, type ProxywatchError } from '@proxywatch/core/domain/errors';
import type { Answer } from './answer.ts';

export const PROBLEM_TYPE = 'application/problem+json';

/** RFC 9457, with our code and what is wrong with which field. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly requestId: string;
  readonly errors?: readonly { readonly pointer: string; readonly message: string }[];
}

interface Telling {
  readonly status: number;
  readonly title: string;
  /** Said instead of the error's message, which names hosts, files or statements. */
  readonly detail?: string;
  readonly retryAfterS?: number;
}

const AWAY: Telling = { status: 503, title: 'Service unavailable', retryAfterS: 5 };
const BROKEN: Telling = { status: 500, title: 'Internal error', detail: 'something went wrong here; see the log' };

const TELLINGS: Readonly<Partial<Record<ErrorCode, Telling>>> = {
  REQUEST_INVALID: { status: 400, title: 'Bad request' },
  UNAUTHENTICATED: { status: 401, title: 'Unauthenticated' },
  FORBIDDEN: { status: 403, title: 'Forbidden' },
  NOT_FOUND: { status: 404, title: 'Not found' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'Method not allowed' },
  CONFLICT: { status: 409, title: 'Conflict' },
  STALE: { status: 412, title: 'Precondition failed' },
  REQUEST_TOO_LARGE: { status: 413, title: 'Content too large' },
  MEDIA_TYPE_UNSUPPORTED: { status: 415, title: 'Unsupported media type' },
  UNPROCESSABLE: { status: 422, title: 'Unprocessable content' },
  PRECONDITION_MISSING: { status: 428, title: 'Precondition required' },
  TOO_MANY_REQUESTS: { status: 429, title: 'Too many requests', retryAfterS: 1 },
  PROXY_UNREACHABLE: { status: 409, title: 'Conflict', detail: 'the proxy cannot be reached' },
  PROXY_ACCESS_DENIED: { status: 409, title: 'Conflict', detail: 'the proxy refuses our credential' },
  PROXY_TIMEOUT: { status: 409, title: 'Conflict', detail: 'the proxy did not answer in time' },
  PROXY_PROTOCOL: { status: 409, title: 'Conflict', detail: 'the proxy broke off or answered what it must not' },
  PROXY_STATEMENT: { status: 409, title: 'Conflict', detail: 'the proxy refused a statement' },
  PROXY_UNSUPPORTED: {
    status: 409,
    title: 'Conflict',
    detail: 'the proxy is of a version or kind that cannot do this',
  },
  PROXY_BUSY: { status: 409, title: 'Conflict', detail: 'the proxy is busy' },
  CREDENTIAL_MISSING: { status: 409, title: 'Conflict', detail: 'the credential of the proxy is not known here' },
  STORE_UNAVAILABLE: AWAY,
  SERVICE_UNREACHABLE: AWAY,
  REGISTRY_MISSING: AWAY,
  INVOKE_THROTTLED: AWAY,
  INVOKE_FAILED: AWAY,
  CANCELLED: AWAY,
  SERVICE_REFUSED: { status: 502, title: 'Bad gateway' },
};

/** What a caller is told of an error. Of what is not theirs, or not ours, only where it lies. */
export function problemAnswer(error: unknown, requestId: string): Answer {
  const known = isProxywatchError(error) ? error : duplicateOf(error);
  const { status, title, detail, retryAfterS } = (known && TELLINGS[known.code]) ?? BROKEN;
  const code = status === 500 || known === undefined ? 'INTERNAL' : known.code;
  const errors = known?.problems ?? [];
  const retryS = retryAfterOf(error) ?? retryAfterS;
  const problem: Problem = {
    type: `urn:proxywatch:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title,
    status,
    code,
    detail: detail ?? (known && status < 500 ? known.message : placeOf(known)),
    requestId,
    ...(errors.length > 0 && { errors }),
  };
  return {
    status,
    headers: { 'content-type': PROBLEM_TYPE, ...(retryS !== undefined && { 'retry-after': String(retryS) }) },
    body: problem,
  };
}

/** Errors may know better than their code when to come again. */
function retryAfterOf(error: unknown): number | undefined {
  const isTold = typeof error === 'object' && error !== null && 'retryAfterS' in error;
  return isTold && typeof error.retryAfterS === 'number' ? error.retryAfterS : undefined;
}

/** A row that was there already, where no use case said it better. */
function duplicateOf(error: unknown): Pick<ProxywatchError, 'code' | 'message' | 'problems' | 'service'> | undefined {
  const isDuplicate = typeof error === 'object' && error !== null && 'code' in error && error.code === 'ER_DUP_ENTRY';
  return isDuplicate
    ? { code: 'CONFLICT', message: 'there is one like it already', problems: [], service: undefined }
    : undefined;
}

function placeOf(error: Pick<ProxywatchError, 'code' | 'service'> | undefined): string {
  const service = error?.service ?? SERVICE_OF[error?.code ?? 'INTERNAL'] ?? 'a service';
  return error?.code === 'SERVICE_REFUSED' ? `${service} answered what it must not` : `${service} is unavailable`;
}

const SERVICE_OF: Readonly<Partial<Record<ErrorCode, string>>> = {
  REGISTRY_MISSING: 'the registry',
  INVOKE_THROTTLED: 'lambda',
  INVOKE_FAILED: 'lambda',
};
