import { afterEach, describe, expect, test } from '@jest/globals';
import type { ProxyEvent } from '../../../../../infra/local/api/proxy-event.ts';
import { type ProxyHandler, type RestServer, startRestServer } from '../../../../../infra/local/api/rest-server.ts';

const ROUTES = [
  { method: 'POST', path: '/v1/things/{id}' },
  { method: 'GET', path: '/v1/things' },
];

let server: RestServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function start(handler: ProxyHandler): Promise<string> {
  const fallback: ProxyHandler = async (event) => ({ statusCode: 404, body: event.resource });
  server = await startRestServer({ routes: ROUTES, handlerOf: () => handler, fallback }, 0);
  return server.url;
}

/** What the handler gets of a request. */
async function eventOf(path: string, init: RequestInit): Promise<ProxyEvent> {
  const url = await start(async (event) => ({ statusCode: 200, body: JSON.stringify(event) }));
  return (await fetch(`${url}${path}`, init)).json() as Promise<ProxyEvent>;
}

describe('a request', () => {
  test('becomes the event that API Gateway sends to a Lambda', async () => {
    const event = await eventOf('/v1/things/a%2Fb%20c?tag=x&tag=y&q=%26', {
      method: 'POST',
      headers: { 'X-Reason': 'because' },
      body: '{"näme":"🦊"}',
    });
    expect(event).toMatchObject({
      resource: '/v1/things/{id}',
      path: '/v1/things/a%2Fb%20c',
      httpMethod: 'POST',
      pathParameters: { id: 'a/b c' },
      queryStringParameters: { tag: 'y', q: '&' },
      multiValueQueryStringParameters: { tag: ['x', 'y'], q: ['&'] },
      body: '{"näme":"🦊"}',
      isBase64Encoded: false,
      requestContext: { resourcePath: '/v1/things/{id}', identity: { sourceIp: '127.0.0.1' } },
    });
    expect(event.headers['X-Reason'] ?? event.headers['x-reason']).toBe('because');
  });

  test('without a query and a body has null for them', async () => {
    expect(await eventOf('/v1/things', {})).toMatchObject({
      queryStringParameters: null,
      pathParameters: null,
      body: null,
    });
  });

  test('keeps bytes that are no text', async () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x00]);
    const event = await eventOf('/v1/things/1', { method: 'POST', body: bytes });
    expect(event).toMatchObject({ body: bytes.toString('base64'), isBase64Encoded: true });
  });

  test('that no route matches goes to the fallback', async () => {
    const url = await start(async () => ({ statusCode: 200 }));
    for (const path of ['/', '/v2', '/v1/things/']) {
      const response = await fetch(`${url}${path}`);
      expect([response.status, await response.text()]).toEqual([404, '/{proxy+}']);
    }
  });

  test('with a broken path or too large a body never reaches the function', async () => {
    let calls = 0;
    const url = await start(async () => {
      calls += 1;
      return { statusCode: 200 };
    });
    expect((await fetch(`${url}/v1/things/%E0%A4%A`, { method: 'POST' })).status).toBe(400);
    const large = Buffer.alloc(10_000_001);
    expect((await fetch(`${url}/v1/things/1`, { method: 'POST', body: large })).status).toBe(413);
    expect(calls).toBe(0);
  });
});

describe('an answer', () => {
  test('goes out with its status, headers and body', async () => {
    const url = await start(async () => ({
      statusCode: 201,
      headers: { etag: '"1"' },
      multiValueHeaders: { warning: ['110 - a', '110 - b'] },
      body: Buffer.from('{}').toString('base64'),
      isBase64Encoded: true,
    }));
    const response = await fetch(`${url}/v1/things`);
    expect([response.status, response.headers.get('etag'), await response.text()]).toEqual([201, '"1"', '{}']);
    expect(response.headers.get('warning')).toBe('110 - a, 110 - b');
  });

  test('of a function that throws says nothing of why', async () => {
    const url = await start(async () => {
      throw new Error('secret');
    });
    const response = await fetch(`${url}/v1/things`);
    expect([response.status, await response.text()]).toEqual([502, '{"message":"Internal server error"}']);
  });
});
