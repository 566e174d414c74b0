import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createPrometheusSkyeye } from '@proxywatch/core/drivers/skyeye/prometheus-skyeye';
import { answer, fakePrometheus, type Received, success } from './fake-prometheus.ts';

const RANGE = { query: 'up', startMs: 0, endMs: 60_000, stepMs: 15_000 };

describe('an instant query', () => {
  test('is asked by POST, with the time, and its answer told in milliseconds', async () => {
    const server = await fakePrometheus((_, response) =>
      success(
        response,
        { resultType: 'vector', result: [{ metric: { proxy: 'a' }, value: [1795418880.123, 'NaN'] }] },
        { warnings: ['slow'] },
      ),
    );
    const skyeye = createPrometheusSkyeye({ url: `${server.url}/workspaces/ws-1/` });
    expect(await skyeye.query('up{a="&b"}', 1_795_418_880_123)).toEqual({
      kind: 'vector',
      series: [{ labels: { proxy: 'a' }, samples: [[1_795_418_880_123, 'NaN']] }],
      warnings: ['slow'],
    });
    const [{ method, path, form }] = server.received as [Received];
    expect([method, path]).toEqual(['POST', '/workspaces/ws-1/api/v1/query']);
    expect(Object.fromEntries(form)).toEqual({ query: 'up{a="&b"}', time: '1795418880.123', timeout: '7200ms' });
  });

  test('without a time is of now', async () => {
    const server = await fakePrometheus((_, response) =>
      success(response, { resultType: 'scalar', result: [1, '+Inf'] }),
    );
    const result = await createPrometheusSkyeye({ url: server.url }).query('1', undefined);
    expect(result).toEqual({ kind: 'scalar', series: [{ labels: {}, samples: [[1_000, '+Inf']] }], warnings: [] });
    expect(server.received[0]?.form.has('time')).toBe(false);
  });

  test('leaves native histograms out', async () => {
    const result = [{ metric: {}, histogram: [1, {}] }];
    const server = await fakePrometheus((_, response) => success(response, { resultType: 'vector', result }));
    expect((await createPrometheusSkyeye({ url: server.url }).query('h', undefined)).series).toEqual([]);
  });
});

describe('a range query', () => {
  test('says where it begins, ends and steps', async () => {
    const result = [
      {
        metric: { a: 'b' },
        values: [
          [0, '1'],
          [15, '2'],
        ],
      },
    ]; // prettier-ignore
    const server = await fakePrometheus((_, response) => success(response, { resultType: 'matrix', result }));
    const { series } = await createPrometheusSkyeye({ url: server.url }).queryRange(RANGE);
    expect(series).toEqual([
      {
        labels: { a: 'b' },
        samples: [
          [0, '1'],
          [15_000, '2'],
        ],
      },
    ]);
    const { start, end, step } = Object.fromEntries(server.received[0]?.form ?? []);
    expect([start, end, step]).toEqual(['0.000', '60.000', '15.000']);
  });

  test.each([
    ['more points than a screen has', { stepMs: 5 }, /more than 11000 points/],
    ['no step', { stepMs: 0 }, /shorter than a millisecond/],
    ['an end before its start', { endMs: -1 }, /end lies before the start/],
  ])('with %s is refused without asking', async (_, change, message) => {
    const server = await fakePrometheus((_, response) => success(response, {}));
    const asked = createPrometheusSkyeye({ url: server.url }).queryRange({ ...RANGE, ...change });
    await expect(asked).rejects.toMatchObject({ code: 'UNPROCESSABLE', message: expect.stringMatching(message) });
    expect(server.received).toEqual([]);
  });

  test('may have exactly as many points as are allowed', async () => {
    const server = await fakePrometheus((_, response) => success(response, { resultType: 'matrix', result: [] }));
    const range = { ...RANGE, endMs: 10_999_000, stepMs: 1_000 };
    await expect(createPrometheusSkyeye({ url: server.url }).queryRange(range)).resolves.toBeDefined();
  });
});

describe('alerts', () => {
  test('come with their name apart from their labels', async () => {
    const server = await fakePrometheus((_, response) =>
      success(response, {
        alerts: [
          {
            labels: { alertname: 'Down', namespace: 'shop' },
            annotations: { summary: 'x' },
            state: 'firing',
            activeAt: '2026-11-23T07:26:50.5Z',
            value: '1e+00',
          },
        ],
      }),
    );
    expect(await createPrometheusSkyeye({ url: server.url }).fetchAlerts()).toEqual([
      {
        name: 'Down',
        labels: { namespace: 'shop' },
        annotations: { summary: 'x' },
        state: 'firing',
        activeAtMs: Date.parse('2026-11-23T07:26:50.500Z'),
        value: '1e+00',
      },
    ]);
    expect(server.received[0]).toMatchObject({ method: 'GET', path: '/api/v1/alerts', body: '' });
  });
});

describe('what goes wrong', () => {
  const error = (errorType: string, text: string) => ({ status: 'error', errorType, error: text });

  test.each([
    [400, error('bad_data', '1:3: parse error'), 'UNPROCESSABLE', /1:3: parse error/],
    [422, error('execution', 'many-to-many matching'), 'UNPROCESSABLE', /many-to-many/],
    [503, error('timeout', 'query timed out'), 'UNPROCESSABLE', /timed out/],
    [
      422,
      error('execution', 'get http://10.0.0.1:9090/x from prom-1.internal:9090 failed'),
      'UNPROCESSABLE',
      /get <address> from <address> failed$/,
    ],
    [429, {}, 'SERVICE_UNREACHABLE', /fewer requests/],
    [500, error('internal', 'x'), 'SERVICE_UNREACHABLE', /answered 500/],
    [503, {}, 'SERVICE_UNREACHABLE', /answered 503/],
    [302, {}, 'SERVICE_REFUSED', /answered 302/],
    [401, {}, 'SERVICE_REFUSED', /answered 401/],
    [403, {}, 'SERVICE_REFUSED', /answered 403/],
    [404, {}, 'SERVICE_REFUSED', /answered 404/],
    [200, {}, 'SERVICE_REFUSED', /no answer of the Prometheus API/],
    [200, error('x', 'y'), 'SERVICE_REFUSED', /no answer of the Prometheus API/],
    [
      200,
      { status: 'success', data: { resultType: 'vector', result: [{ metric: 1 }] } },
      'SERVICE_REFUSED',
      /another shape/,
    ],
    [200, { status: 'success', data: { resultType: 'streams', result: [] } }, 'SERVICE_REFUSED', /another shape/],
  ])('%d %j is %s', async (status, body, code, message) => {
    const server = await fakePrometheus((_, response) => answer(response, body, status));
    const asked = createPrometheusSkyeye({ url: server.url }).query('up', undefined);
    await expect(asked).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test('text that is no JSON', async () => {
    const server = await fakePrometheus((_, response) => response.end('<html>'));
    const asked = createPrometheusSkyeye({ url: server.url }).query('up', undefined);
    await expect(asked).rejects.toMatchObject({ code: 'SERVICE_REFUSED', service: 'skyeye' });
  });

  test('a server that is not there, whose address the message keeps', async () => {
    const asked = createPrometheusSkyeye({ url: 'http://127.0.0.1:1' }).query('up', undefined);
    await expect(asked).rejects.toMatchObject({
      code: 'SERVICE_UNREACHABLE',
      service: 'skyeye',
      message: expect.not.stringContaining('127.0.0.1'),
    });
  });

  test('a server that takes the request and says nothing', async () => {
    const server = await fakePrometheus(() => {});
    const asked = createPrometheusSkyeye({ url: server.url, timeoutMs: 50 }).query('up', undefined);
    await expect(asked).rejects.toMatchObject({
      code: 'SERVICE_UNREACHABLE',
      message: expect.stringContaining('50 ms'),
    });
  });

  test('a server that says everything, without an end: it is cut off', async () => {
    let written = 0;
    const server = await fakePrometheus((_, response) => {
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(10_000))) written += 10_000;
      };
      response.on('drain', more);
      more();
    });
    const asked = createPrometheusSkyeye({ url: server.url, maxAnswerBytes: 100_000 }).query('up', undefined);
    await expect(asked).rejects.toMatchObject({
      code: 'UNPROCESSABLE',
      message: expect.stringContaining('100000 bytes'),
    });
    expect(written).toBeLessThan(100_000_000);
  });

  test('a caller that gives up', async () => {
    const giveUp = new AbortController();
    const server = await fakePrometheus(() => giveUp.abort(new Error('enough')));
    const asked = createPrometheusSkyeye({ url: server.url }).query('up', undefined, giveUp.signal);
    await expect(asked).rejects.toThrow('enough');
  });
});

describe('a server that is down', () => {
  test('is left alone after three failures, and asked again after a while', async () => {
    let isDown = true;
    let nowMs = 0;
    const server = await fakePrometheus((_, response) =>
      isDown ? answer(response, {}, 503) : success(response, { resultType: 'vector', result: [] }),
    );
    const skyeye = createPrometheusSkyeye({ url: server.url, nowMs: () => nowMs, random: () => 0.5 });
    const ask = () =>
      skyeye.query('up', undefined).then(
        () => 'answered',
        (error) => error.code,
      );
    for (let i = 0; i < 6; i += 1) expect(await ask()).toBe('SERVICE_UNREACHABLE');
    expect(server.received).toHaveLength(3);
    isDown = false;
    nowMs += 1_000;
    expect(await ask()).toBe('answered');
    expect(await ask()).toBe('answered');
  });

  test('is not one that refuses queries', async () => {
    const server = await fakePrometheus((_, response) => answer(response, { status: 'error', error: 'x' }, 400));
    const skyeye = createPrometheusSkyeye({ url: server.url });
    for (let i = 0; i < 6; i += 1)
      await expect(skyeye.query('up', undefined)).rejects.toMatchObject({ code: 'UNPROCESSABLE' });
    expect(server.received).toHaveLength(6);
  });
});

describe('requests to AMP', () => {
  const KEY = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'very/secret', sessionToken: 'token+1' };

  /** As AWS writes it down, without the library that signed. */
  function signatureOf({ method, path, headers, body }: Received): string {
    const { authorization = '' } = headers;
    const scope = /Credential=[^/]+\/([^,]+)/.exec(authorization)?.[1] ?? '';
    const names = /SignedHeaders=([^,]+)/.exec(authorization)?.[1] ?? '';
    const sha = (text: string) => createHash('sha256').update(text).digest('hex');
    const lines = names.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`);
    const canonical = [method, path, '', lines.join(''), names, sha(body)].join('\n');
    const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha(canonical)].join('\n');
    const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
    const key = scope.split('/').reduce<string | Buffer>((so, part) => hmac(so, part), `AWS4${KEY.secretAccessKey}`);
    return hmac(key, toSign).toString('hex');
  }

  test('are signed: host, time, token and body', async () => {
    const server = await fakePrometheus((request, response) => {
      const isGenuine = request.headers.authorization?.endsWith(`Signature=${signatureOf(request)}`);
      if (isGenuine) success(response, { resultType: 'vector', result: [] });
      else answer(response, {}, 403);
    });
    const url = `${server.url}/workspaces/ws-1`;
    const skyeye = createPrometheusSkyeye({ url, sigV4: { region: 'eu-central-1', credentials: () => KEY } });
    await expect(skyeye.query('up{a="é b+"}', 5)).resolves.toMatchObject({ kind: 'vector' });
    const [{ headers }] = server.received as [Received];
    expect(headers.authorization).toMatch(/Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/aps\/aws4_request/);
    expect(headers.authorization).toMatch(/SignedHeaders=[^,]*host;[^,]*x-amz-date;x-amz-security-token/);
    expect(headers['x-amz-security-token']).toBe(KEY.sessionToken);
    expect(JSON.stringify(headers)).not.toContain(KEY.secretAccessKey);
  });

  test('are signed without a body too', async () => {
    const server = await fakePrometheus((request, response) => {
      const isGenuine = request.headers.authorization?.endsWith(`Signature=${signatureOf(request)}`);
      if (isGenuine) success(response, { alerts: [] });
      else answer(response, {}, 403);
    });
    const skyeye = createPrometheusSkyeye({ url: server.url, sigV4: { region: 'x-1', credentials: () => KEY } });
    await expect(skyeye.fetchAlerts()).resolves.toEqual([]);
  });

  test('are not sent without credentials', async () => {
    const server = await fakePrometheus((_, response) => success(response, {}));
    const held = { ...process.env };
    delete process.env.AWS_ACCESS_KEY_ID;
    try {
      const asked = createPrometheusSkyeye({ url: server.url, sigV4: { region: 'x-1' } }).query('up', undefined);
      await expect(asked).rejects.toMatchObject({ code: 'SERVICE_REFUSED' });
    } finally {
      process.env = held;
    }
    expect(server.received).toEqual([]);
  });
});
