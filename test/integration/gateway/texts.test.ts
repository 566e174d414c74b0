import { execFileSync } from 'node:child_process';
import { get } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { findBinary } from '../../../infra/local/services/binaries.ts';
import { startRedis } from '../../../infra/local/services/redis.ts';
import type { Service } from '../../../infra/local/services/service.ts';
import { type CountingProxy, startCountingProxy } from '../../support/counting-proxy.ts';
import { type RunningGateway, startTestGateway } from '../../support/gateway-lab.ts';
import { digestOf } from '../../support/stats-admin.ts';
import { parseExposition } from '../../unit/functions/gateway/exposition/strict-parser.ts';

let redis: Service;
let proxy: CountingProxy;
let gateway: RunningGateway;
let round = 0;

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  proxy = await startCountingProxy();
});
afterEach(async () => {
  await gateway.stop();
  await proxy.close();
});

const start = async () => {
  gateway = await startTestGateway(redis.url, [{ id: `p-${round++}`, port: proxy.port }]);
};
const fetchText = async (headers: Record<string, string>, path = '/metrics') => {
  const response = await fetch(`${gateway.url}${path}`, { headers });
  return { type: response.headers.get('content-type'), text: await response.text() };
};

/** Not fetch, which would unpack them. */
const bytesOf = (headers: Record<string, string>) =>
  new Promise<Buffer>((resolve, reject) => {
    get(`${gateway.url}/metrics`, { headers }, (response) => buffer(response).then(resolve, reject));
  });

const TEXTS = {
  quotes: `SELECT "a", 'b', \`c\``,
  newlines: 'SELECT ?\nFROM t\r\n\tWHERE x',
  backslashes: 'SELECT \\\\ ? \\n \\',
  emoji: 'SELECT 🦊, ‮, ÿ',
  nul: 'SELECT \0 after NUL',
  long: 'x'.repeat(2_048),
  'long emoji': '🦊'.repeat(512),
  'an end of a label': '"} 1\ndbproxy_up{proxy="evil"} 1',
  empty: '',
};

describe('texts of digests', () => {
  test.each(['text', 'openmetrics'] as const)('are shown as they are, cut at 512 characters (%s)', async (format) => {
    for (const [i, text] of Object.values(TEXTS).entries()) proxy.run(i, 1, { text });
    await start();
    const headers = { Accept: format === 'text' ? 'text/plain' : 'application/openmetrics-text' };
    const { samples } = parseExposition((await fetchText(headers)).text, format);
    const shown = samples
      .filter(({ name }) => name === 'dbproxy_sql_digest_info')
      .map(({ labels }) => labels.digest_text);
    expect(shown).toEqual(Object.values(TEXTS).map((text) => [...text].slice(0, 512).join('')));
  });
});

describe('rows whose names hold separators', () => {
  const TWINS: readonly (readonly [{ schema: string; user: string }, { schema: string; user: string }])[] = [
    [
      { schema: 'a|b', user: 'c' },
      { schema: 'a', user: 'b|c' },
    ],
    [
      { schema: 'a,b', user: 'c' },
      { schema: 'a', user: 'b,c' },
    ],
    [
      { schema: 'a","user="b', user: 'c' },
      { schema: 'a', user: 'b' },
    ],
    [
      { schema: 'a\x1fb', user: 'c' },
      { schema: 'a', user: 'b\x1fc' },
    ],
    [
      { schema: 'a\x1eb', user: 'c' },
      { schema: 'a', user: 'b\x1ec' },
    ],
    [
      { schema: 'a\\', user: 'n' },
      { schema: 'a\\n', user: '' },
    ],
    [
      { schema: 'a\n', user: 'c' },
      { schema: 'a\\n', user: 'c' },
    ],
    [
      { schema: 'Ä', user: 'c' },
      { schema: 'ä', user: 'c' },
    ],
    [
      { schema: 'a ', user: 'c' },
      { schema: 'a', user: ' c' },
    ],
  ];

  test.each(TWINS)('%j and %j stay two series', async (one, other) => {
    proxy.run(1, 3, { digest: digestOf(7), ...one });
    proxy.run(2, 4, { digest: digestOf(7), ...other });
    await start();
    for (const [executions, more] of [
      [3, 4],
      [5, 4],
    ] as const) {
      const samples = await gateway.scrape();
      const executionsIn = ({ schema, user }: typeof one) =>
        samples
          .filter(
            ({ name, labels }) =>
              name === 'dbproxy_sql_executions_total' && labels.schema === schema && labels.user === user,
          )
          .map(({ value }) => Number(value));
      expect([executionsIn(one), executionsIn(other)]).toEqual([[executions], [more]]);
      proxy.run(1, 2);
    }
  });

  test('rows of several clients are one series, which falls with none of them', async () => {
    proxy.run(1, 3, { digest: digestOf(7), client: '10.0.0.1' });
    proxy.run(2, 4, { digest: digestOf(7), client: '10.0.0.2' });
    await start();
    const executions = async () =>
      (await gateway.scrape())
        .filter(({ name, labels }) => name === 'dbproxy_sql_executions_total' && labels.digest === digestOf(7))
        .map(({ value }) => Number(value));
    expect(await executions()).toEqual([7]);
    proxy.run(2, 1);
    expect(await executions()).toEqual([8]);
  });
});

describe('the form of an answer', () => {
  beforeEach(async () => {
    for (let digest = 0; digest < 50; digest++) proxy.run(digest, digest + 1, { text: TEXTS.quotes });
    await start();
  });

  test('is the text format, OpenMetrics for those who ask for it, and compressed for those who read that', async () => {
    const plain = await fetchText({ 'Accept-Encoding': 'identity' });
    expect(plain.type).toContain('text/plain; version=0.0.4');
    const open = await fetchText({ Accept: 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5' });
    expect(open.type).toContain('application/openmetrics-text; version=1.0.0');
    const values = (text: string, format: 'text' | 'openmetrics') =>
      parseExposition(text, format)
        .samples.filter(({ name }) => name.startsWith('dbproxy_sql') && !name.endsWith('_created'))
        .map(({ name, labels, value }) => [name, labels, value]);
    expect(values(open.text, 'openmetrics')).toEqual(values(plain.text, 'text'));
  });

  test('in gzip is what it is without', async () => {
    const packed = await bytesOf({ 'Accept-Encoding': 'gzip' });
    const withoutTimes = (text: string) => text.replace(/^dbproxy_(collect|last_collect).*$/gm, '');
    const expected = withoutTimes((await bytesOf({})).toString());
    expect(withoutTimes(gunzipSync(packed).toString())).toBe(expected);
    expect(packed.length).toBeLessThan(expected.length / 3);
  });

  test.each(['/metrics', '/metrics/self'])('of %s passes the judgement of promtool', async (path) => {
    const { text } = await fetchText({}, path);
    const judgement = execFileSync(findBinary('promtool'), ['check', 'metrics'], { input: text, encoding: 'utf8' });
    expect(judgement).toBe('');
  });
});
