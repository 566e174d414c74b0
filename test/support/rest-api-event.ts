/** What a test wants to be in an event. */
export interface RestApiCall {
  readonly method: string;
  /** Template of the path: `/v1/accounts/{id}`; `/{proxy+}` for what no route has. */
  readonly resource: string;
  /** @default - the resource, which then has no parameters */
  readonly path?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Of the principal whose signature API Gateway has checked. */
  readonly userArn?: string;
}

const STAGE = 'live';
const ACCOUNT = '123456789012';

/** The event that API Gateway's REST API sends to a function (payload format 1.0), with all that stands in one. */
export function restApiEvent({ method, resource, path = resource, query, headers, body, userArn }: RestApiCall) {
  const all = {
    Accept: 'application/json',
    Host: 'abcdef1234.execute-api.eu-central-1.amazonaws.com',
    'User-Agent': 'test/1.0',
    'X-Amzn-Trace-Id': 'Root=1-65f0c0de-0123456789abcdef01234567',
    'X-Forwarded-For': '192.0.2.7',
    'X-Forwarded-Port': '443',
    'X-Forwarded-Proto': 'https',
    ...(body !== undefined && { 'Content-Type': 'application/json' }),
    ...headers,
  };
  return {
    resource,
    path,
    httpMethod: method,
    headers: all,
    multiValueHeaders: many(all),
    queryStringParameters: query ?? null,
    multiValueQueryStringParameters: query === undefined ? null : many(query),
    pathParameters: parametersOf(resource, path),
    stageVariables: null,
    requestContext: {
      resourceId: 'a1b2c3',
      resourcePath: resource,
      operationName: 'test',
      httpMethod: method,
      extendedRequestId: 'Ab1cDE2fliAFxyz=',
      requestTime: '23/Nov/2026:13:00:00 +0000',
      // With the stage, which `path` is without.
      path: `/${STAGE}${path}`,
      accountId: ACCOUNT,
      protocol: 'HTTP/1.1',
      stage: STAGE,
      domainPrefix: 'abcdef1234',
      requestTimeEpoch: 1_795_438_800_000,
      requestId: '7c3f1a52-6b0d-4d1e-9a57-0c6de0f3a111',
      identity: {
        cognitoIdentityPoolId: null,
        accountId: userArn === undefined ? null : ACCOUNT,
        cognitoIdentityId: null,
        caller: userArn === undefined ? null : 'AROAEXAMPLE:session',
        sourceIp: '192.0.2.7',
        principalOrgId: null,
        accessKey: userArn === undefined ? null : 'ASIAEXAMPLE',
        cognitoAuthenticationType: null,
        cognitoAuthenticationProvider: null,
        userArn: userArn ?? null,
        userAgent: 'test/1.0',
        user: userArn === undefined ? null : 'AROAEXAMPLE:session',
      },
      domainName: all.Host,
      deploymentId: 'd1e2f3',
      apiId: 'abcdef1234',
    },
    body: body === undefined ? null : JSON.stringify(body),
    isBase64Encoded: false,
  };
}

function many(values: Readonly<Record<string, string>>): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, [value]]));
}

function parametersOf(resource: string, path: string): Readonly<Record<string, string>> | null {
  if (resource.includes('+}')) return { proxy: path.slice(1) };
  const segments = path.split('/');
  const pairs = resource
    .split('/')
    .flatMap((part, i) => (part.startsWith('{') ? [[part.slice(1, -1), decodeURIComponent(segments[i] ?? '')]] : []));
  return pairs.length === 0 ? null : Object.fromEntries(pairs);
}
