/** What API Gateway answers by itself, in the form that all problems of the API have. */

interface Told {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  /** @default - what API Gateway says of it */
  readonly detail?: string;
}

const UNAUTHENTICATED: Told = { status: 401, code: 'UNAUTHENTICATED', title: 'Unauthenticated' };
const FORBIDDEN: Told = { status: 403, code: 'FORBIDDEN', title: 'Forbidden' };
const AWAY: Told = { status: 503, code: 'INTERNAL', title: 'Service unavailable', detail: 'no answer in time' };

const TOLD: Readonly<Record<string, Told>> = {
  DEFAULT_4XX: { status: 400, code: 'REQUEST_INVALID', title: 'Bad request' },
  DEFAULT_5XX: {
    status: 500,
    code: 'INTERNAL',
    title: 'Internal error',
    detail: 'something went wrong here; see the log',
  },
  MISSING_AUTHENTICATION_TOKEN: {
    ...UNAUTHENTICATED,
    detail: 'this needs a request signed by an IAM principal (SigV4)',
  },
  INVALID_SIGNATURE: UNAUTHENTICATED,
  EXPIRED_TOKEN: UNAUTHENTICATED,
  ACCESS_DENIED: FORBIDDEN,
  WAF_FILTERED: { ...FORBIDDEN, detail: 'the firewall of this API refuses the request' },
  REQUEST_TOO_LARGE: { status: 413, code: 'REQUEST_TOO_LARGE', title: 'Content too large' },
  THROTTLED: { status: 429, code: 'TOO_MANY_REQUESTS', title: 'Too many requests' },
  QUOTA_EXCEEDED: { status: 429, code: 'TOO_MANY_REQUESTS', title: 'Too many requests' },
  INTEGRATION_FAILURE: AWAY,
  INTEGRATION_TIMEOUT: AWAY,
};
const RETRY_AFTER = new Set([429, 503]);

/** By type of response, as OpenAPI extension. */
export function gatewayResponses(): Readonly<Record<string, object>> {
  return Object.fromEntries(Object.entries(TOLD).map(([type, told]) => [type, responseOf(told)]));
}

function responseOf({ status, code, title, detail }: Told): object {
  const problem = {
    type: `urn:proxywatch:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title,
    status,
    code,
    detail: detail ?? DETAIL,
    requestId: '$context.requestId',
  };
  // API Gateway's own words come with their quotes.
  const template = JSON.stringify(problem).replace(JSON.stringify(DETAIL), '$context.error.messageString');
  return {
    statusCode: status,
    responseParameters: {
      'gatewayresponse.header.Content-Type': "'application/problem+json'",
      'gatewayresponse.header.Cache-Control': "'no-store'",
      ...(RETRY_AFTER.has(status) && { 'gatewayresponse.header.Retry-After': "'1'" }),
    },
    responseTemplates: { 'application/json': template },
  };
}

const DETAIL = '$detail';
