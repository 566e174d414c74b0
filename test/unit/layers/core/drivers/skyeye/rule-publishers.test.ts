import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createAmpRulePublisher } from '@proxywatch/core/drivers/skyeye/amp-rule-publisher';
import { ruleFileText } from '@proxywatch/core/drivers/skyeye/rule-file';
import { createRuleFilePublisher } from '@proxywatch/core/drivers/skyeye/rule-file-publisher';
import type { AlertRule } from '@proxywatch/core/ports/skyeye';
import { temporaryFolder } from '../../../../../support/temporary-folder.ts';
import { until } from '../../../../../support/until.ts';
import { answer, fakePrometheus } from './fake-prometheus.ts';

const RULE: AlertRule = {
  id: '0b3f',
  namespace: 'shop',
  name: 'Slow',
  query: 'up{namespace="shop"} == 0',
  forS: 60,
  labels: { severity: 'warning' },
  annotations: { summary: 'x' },
};
const other = (change: Partial<AlertRule>): AlertRule => ({ ...RULE, ...change });

describe('a rule file', () => {
  test('has a group for each namespace, in an order that does not depend on that of the rules', () => {
    const rules = [other({ id: 'b' }), other({ id: 'a', forS: 0 }), other({ id: 'c', namespace: 'reporting' })];
    const text = ruleFileText(rules);
    expect(ruleFileText(rules.toReversed())).toBe(text);
    const { groups } = JSON.parse(text);
    expect(groups.map(({ name }: { name: string }) => name)).toEqual(['proxywatch:reporting', 'proxywatch:shop']);
    expect(groups[1].rules).toEqual([
      expect.not.objectContaining({ for: expect.anything() }),
      {
        alert: 'Slow',
        expr: 'up{namespace="shop"} == 0',
        for: '60s',
        labels: { severity: 'warning', namespace: 'shop', proxywatch_rule: 'b' },
        annotations: { summary: 'x' },
      },
    ]);
  });

  test('names the namespace of a rule whatever its labels say', () => {
    const text = ruleFileText([other({ labels: { namespace: 'reporting', proxywatch_rule: 'x' } })]);
    expect(JSON.parse(text).groups[0].rules[0].labels).toEqual({ namespace: 'shop', proxywatch_rule: '0b3f' });
  });

  test('holds no character that YAML does not take', () => {
    const text = ruleFileText([other({ annotations: { summary: 'a\u0085b\u2028c\u007f\ufeff😀é\n\t"' } })]);
    expect(text).not.toMatch(/[\u007f-\u009f\u2028\ufeff]/);
    expect(JSON.parse(text).groups[0].rules[0].annotations.summary).toBe('a\u0085b\u2028c\u007f\ufeff😀é\n\t"');
  });
});

describe('publishing to a file', () => {
  const reloading = (status: number, text = '') =>
    fakePrometheus((_, response) => response.writeHead(status).end(text));

  test('writes it before the server is asked to read it', async () => {
    const file = join(temporaryFolder(), 'rules.yml');
    let seen = '';
    const server = await fakePrometheus((_, response) => {
      seen = readFileSync(file, 'utf8');
      response.end();
    });
    await createRuleFilePublisher({ file, reloadUrl: `${server.url}/-/reload` }).publish([RULE]);
    expect(seen).toBe(ruleFileText([RULE]));
    expect(server.received).toMatchObject([{ method: 'POST', path: '/-/reload' }]);
  });

  test('puts back what the server does not take, and says why', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'rules.yml');
    writeFileSync(file, 'before');
    const { url } = await reloading(500, 'failed to reload config: group "x", bad rule');
    const publishing = createRuleFilePublisher({ file, reloadUrl: url }).publish([RULE]);
    await expect(publishing).rejects.toMatchObject({
      code: 'UNPROCESSABLE',
      message: expect.stringContaining('bad rule'),
    });
    expect(readFileSync(file, 'utf8')).toBe('before');
    expect(readdirSync(folder)).toEqual(['rules.yml']);
  });

  test.each([
    ['is not there', async () => 'http://127.0.0.1:1', 'SERVICE_UNREACHABLE'],
    ['has no such thing as a reload', async () => (await reloading(403)).url, 'SERVICE_REFUSED'],
    ['says nothing', async () => (await fakePrometheus(() => {})).url, 'SERVICE_UNREACHABLE'],
  ])('keeps the file when the server %s: it will be read at its next start', async (_, start, code) => {
    const file = join(temporaryFolder(), 'rules.yml');
    const publisher = createRuleFilePublisher({ file, reloadUrl: await start(), timeoutMs: 50 });
    await expect(publisher.publish([RULE])).rejects.toMatchObject({ code, service: 'skyeye' });
    expect(readFileSync(file, 'utf8')).toBe(ruleFileText([RULE]));
  });

  test('says that it cannot write', async () => {
    const file = join(temporaryFolder(), 'rules.yml');
    mkdirSync(file);
    const publisher = createRuleFilePublisher({ file, reloadUrl: 'http://127.0.0.1:1' });
    await expect(publisher.publish([])).rejects.toMatchObject({ code: 'SERVICE_UNREACHABLE' });
  });

  test('does one after the other, so that the last one stands', async () => {
    const file = join(temporaryFolder(), 'rules.yml');
    const { url } = await reloading(200);
    const publisher = createRuleFilePublisher({ file, reloadUrl: url });
    const texts = ['a', 'b', 'c'].map((id) => [other({ id })]);
    await Promise.all(texts.map((rules) => publisher.publish(rules)));
    expect(readFileSync(file, 'utf8')).toBe(ruleFileText([other({ id: 'c' })]));
  });

  test('is given up with its caller', async () => {
    const giveUp = new AbortController();
    const server = await fakePrometheus(() => giveUp.abort(new Error('enough')));
    const publisher = createRuleFilePublisher({ file: join(temporaryFolder(), 'r.yml'), reloadUrl: server.url });
    await expect(publisher.publish([RULE], giveUp.signal)).rejects.toThrow('enough');
  });
});

describe('publishing to AMP', () => {
  /** AMP as far as the publisher knows it: one rule groups namespace, which must be made before it can be changed. */
  async function amp(options: { fail?: { status: number; type: string; message?: string } } = {}) {
    const held: { text: string | undefined } = { text: undefined };
    const server = await fakePrometheus(({ method, path, body }, response) => {
      const [place] = path.split('?');
      const isNamed = place === '/workspaces/ws-1/rulegroupsnamespaces/proxywatch-alerts';
      const failure = (status: number, type: string, message = type) => {
        response.setHeader('x-amzn-errortype', type);
        answer(response, { message }, status);
      };
      const dataOf = () => Buffer.from(JSON.parse(body).data, 'base64').toString();
      if (options.fail) failure(options.fail.status, options.fail.type, options.fail.message);
      else if (method === 'POST' && path === '/workspaces/ws-1/rulegroupsnamespaces') {
        held.text = dataOf();
        answer(response, { name: JSON.parse(body).name, arn: 'a', status: { statusCode: 'CREATING' } }, 202);
      } else if (!isNamed || held.text === undefined) failure(404, 'ResourceNotFoundException');
      else if (method === 'PUT') {
        held.text = dataOf();
        answer(response, { name: 'proxywatch-alerts', arn: 'a', status: { statusCode: 'UPDATING' } }, 202);
      } else {
        held.text = undefined;
        response.writeHead(202).end();
      }
    });
    const client = {
      region: 'eu-central-1',
      endpoint: server.url,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    };
    return { held, server, publisher: createAmpRulePublisher({ workspaceId: 'ws-1', client, timeoutMs: 2_000 }) };
  }

  test('makes the namespace, changes it, and removes it with the last rule', async () => {
    const { held, publisher } = await amp();
    await publisher.publish([]);
    expect(held.text).toBeUndefined();
    await publisher.publish([RULE]);
    expect(held.text).toBe(ruleFileText([RULE]));
    await publisher.publish([RULE, other({ id: 'x' })]);
    expect(held.text).toBe(ruleFileText([RULE, other({ id: 'x' })]));
    await publisher.publish([]);
    expect(held.text).toBeUndefined();
  });

  test.each([
    [400, 'ValidationException', 'UNPROCESSABLE'],
    [429, 'ThrottlingException', 'SERVICE_UNREACHABLE'],
    [500, 'InternalServerException', 'SERVICE_UNREACHABLE'],
    [403, 'AccessDeniedException', 'SERVICE_REFUSED'],
    [402, 'ServiceQuotaExceededException', 'SERVICE_REFUSED'],
  ])('%d %s is %s', async (status, type, code) => {
    const { publisher } = await amp({ fail: { status, type, message: 'bad rule' } });
    await expect(publisher.publish([RULE])).rejects.toMatchObject({ code });
  });

  test('waits while AMP takes over what was published before, but not for ever', async () => {
    const busy: { fail?: { status: number; type: string } } = { fail: { status: 409, type: 'ConflictException' } };
    const { held, server, publisher } = await amp(busy);
    const publishing = publisher.publish([RULE]);
    await until('it was asked', () => server.received.length > 0);
    delete busy.fail;
    await publishing;
    expect(held.text).toBe(ruleFileText([RULE]));
    busy.fail = { status: 409, type: 'ConflictException' };
    await expect(publisher.publish([])).rejects.toMatchObject({ code: 'SERVICE_UNREACHABLE' });
  });

  test('is unavailable where nobody answers', async () => {
    const client = {
      region: 'x-1',
      endpoint: 'http://127.0.0.1:1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    };
    const publisher = createAmpRulePublisher({ workspaceId: 'ws-1', client });
    await expect(publisher.publish([RULE])).rejects.toMatchObject({ code: 'SERVICE_UNREACHABLE', service: 'skyeye' });
  });
});
