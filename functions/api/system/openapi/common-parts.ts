import type { JsonSchema } from '#api/query-schema';
import type { Header, Parameter, Reference, Response } from './document-types.ts';

export const PROBLEM_SCHEMA: JsonSchema = {
  type: 'object',
  description: 'What went wrong (RFC 9457).',
  required: ['type', 'title', 'status', 'code', 'detail', 'requestId'],
  additionalProperties: false,
  properties: {
    type: { type: 'string', description: '`urn:proxywatch:problem:` and the code', format: 'uri' },
    title: { type: 'string', description: 'what the status means' },
    status: { type: 'integer', minimum: 400, maximum: 599 },
    code: { type: 'string', description: 'stable, for programs', pattern: '^[A-Z][A-Z_]*$' },
    detail: { type: 'string', description: 'for people' },
    requestId: { type: 'string', description: 'what the logs call this request' },
    errors: {
      type: 'array',
      description: 'all that is wrong with the request',
      items: {
        type: 'object',
        required: ['pointer', 'message'],
        additionalProperties: false,
        properties: {
          pointer: {
            type: 'string',
            description: 'JSON pointer into the body; `?name` in the query, `{name}` in the path, the name of a header',
          },
          message: { type: 'string' },
        },
      },
    },
  },
};

export const HEADERS = {
  RequestId: { description: 'what the logs call this request', schema: { type: 'string' } },
  ETag: { description: 'revision of the resource, for If-Match and If-None-Match', schema: { type: 'string' } },
  Location: { description: 'path of the resource, or of what tells how far the work is', schema: { type: 'string' } },
  RetryAfter: { description: 'seconds after which to try again', schema: { type: 'integer', minimum: 1 } },
  Warning: {
    description: 'an answer that is older than asked for, or something beside the change that did not work',
    schema: { type: 'string' },
  },
  WwwAuthenticate: { description: 'how to authenticate', schema: { type: 'string' } },
  IdempotentReplayed: {
    description: '`true`: the answer that this Idempotency-Key got before',
    schema: { type: 'string', enum: ['true'] },
  },
} as const satisfies Readonly<Record<string, Header>>;

export const PARAMETERS = {
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    required: true,
    description: 'ETag of the revision that you know, or `*`: 412 when the resource has another one by now',
    schema: { type: 'string', pattern: '^("\\d{1,15}"|\\*)$', example: '"3"' },
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    required: false,
    description: 'ETag of the revision that you have: 304 when it is still that one',
    schema: { type: 'string', maxLength: 1000, example: '"3"' },
  },
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description:
      'made up by you for this request: sent again within a day it gets the same answer and changes nothing; 422 with another request, 409 while the first one runs',
    schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,100}$', example: '0f9b1a5e-5a3b-4a53-9d0c-2f6a1c1f7d10' },
  },
  Reason: {
    name: 'X-Reason',
    in: 'header',
    required: false,
    description: 'why, for the audit; percent-encoded where it is not ASCII',
    schema: { type: 'string', maxLength: 1000, pattern: '^[\\x20-\\x7e]*$', example: 'ticket 4711' },
  },
} as const satisfies Readonly<Record<string, Parameter>>;

export type HeaderPart = keyof typeof HEADERS;
export type ParameterPart = keyof typeof PARAMETERS;

export function parameterReference(name: ParameterPart): Reference {
  return { $ref: `#/components/parameters/${name}` };
}

/** By the names that they have in an answer. */
export function headerReferences(names: readonly HeaderPart[]): Readonly<Record<string, Reference>> {
  return Object.fromEntries(names.map((name) => [HEADER_NAMES[name], { $ref: `#/components/headers/${name}` }]));
}

const HEADER_NAMES: Readonly<Record<HeaderPart, string>> = {
  RequestId: 'X-Request-Id',
  ETag: 'ETag',
  Location: 'Location',
  RetryAfter: 'Retry-After',
  Warning: 'Warning',
  WwwAuthenticate: 'WWW-Authenticate',
  IdempotentReplayed: 'Idempotent-Replayed',
};

const PROBLEMS: Readonly<Record<number, { readonly description: string; readonly headers?: readonly HeaderPart[] }>> = {
  400: { description: 'the request is not in form: `errors` says where' },
  401: { description: 'nobody who is known sent this', headers: ['WwwAuthenticate'] },
  403: { description: 'the caller does not have the role' },
  404: { description: 'there is no such thing, or none that the caller may see' },
  409: { description: 'the state of the resource, or of its proxy, is in the way', headers: ['RetryAfter'] },
  412: { description: 'the resource has another revision than If-Match says' },
  413: { description: 'the body has more than 1 MiB' },
  415: { description: 'the body is not application/json in UTF-8' },
  422: { description: 'the request is in form, but makes no sense: `errors` or `detail` says why' },
  428: { description: 'If-Match is missing' },
  429: { description: 'too many requests', headers: ['RetryAfter'] },
  502: { description: 'a service behind answered what it must not: `detail` says which' },
  503: { description: 'a service behind is unavailable: `detail` says which', headers: ['RetryAfter'] },
};

/** What any operation of a kind may meet, by status. */
export function problemResponses(): Readonly<Record<string, Response>> {
  return Object.fromEntries(
    Object.entries(PROBLEMS).map(([status, { description, headers = [] }]) => [
      `Problem${status}`,
      problemResponse(description, headers),
    ]),
  );
}

export function problemReference(status: number): Reference {
  return { $ref: `#/components/responses/Problem${status}` };
}

export function problemResponse(description: string, headers: readonly HeaderPart[] = []): Response {
  return {
    description,
    headers: headerReferences(['RequestId', ...headers]),
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
}

export function headersOfProblem(status: number): readonly HeaderPart[] {
  return PROBLEMS[status]?.headers ?? [];
}
