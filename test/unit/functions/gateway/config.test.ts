import { readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { messageOf } from '@proxywatch/core/domain/errors';
import { parseGatewayConfig } from '../../../../functions/gateway/config.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

let env: Record<string, string>;
let folder: string;

beforeEach(() => {
  folder = temporaryFolder();
  writeFileSync(join(folder, 'credentials.json'), '{"stats":{"user":"stats","password":"hunter2"}}');
  env = { REDIS_URL: 'redis://127.0.0.1:6379', PROXY_CREDENTIALS_FILE: join(folder, 'credentials.json') };
});

function problemsOf(given: Record<string, string>): readonly string[] {
  try {
    parseGatewayConfig(given);
    return [];
  } catch (error) {
    return messageOf(error)
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
}

describe('the configuration of a gateway', () => {
  test('needs Redis and credentials; the rest has values that suit most', () => {
    expect(parseGatewayConfig(env)).toMatchObject({
      GATEWAY_ID: `${hostname()}:9464`,
      GATEWAY_PORT: 9464,
      GATEWAY_HOST: '127.0.0.1',
      DIGEST_TOP_N: 100,
      COLLECT_SHARE_MS: 2_000,
    });
  });

  test('names each process of a host by its port, a container by its host, and one on any port by its process', () => {
    const idOf = (given: Record<string, string>) => parseGatewayConfig({ ...env, ...given }).GATEWAY_ID;
    expect(idOf({ GATEWAY_PORT: '9465' })).toBe(`${hostname()}:9465`);
    expect(idOf({ GATEWAY_PORT: '0' })).toBe(`${hostname()}:any-${process.pid}`);
    expect(idOf({ GATEWAY_ID: 'gateway-7' })).toBe('gateway-7');
  });

  test('is described in docs/configuration.md, setting by setting', () => {
    writeFileSync(join(folder, 'proxies.json'), '[]');
    const all = {
      ...env,
      PROXIES_FILE: join(folder, 'proxies.json'),
      GATEWAY_ADVERTISE: 'gateway:9464',
      GATEWAY_RELEASE: '1',
    };
    const page = readFileSync(new URL('../../../../docs/configuration.md', import.meta.url), 'utf8');
    const [, section = ''] = /^## Gateway$([\s\S]*?)^## /m.exec(page) ?? [];
    const cells = [...section.matchAll(/^\| (`.+?`) \|/gm)].map(([, cell = '']) => cell);
    const documented = cells.flatMap((cell) => cell.match(/(?<=`)[A-Z_]+(?=`)/g) ?? []);
    // The second source of credentials is never set beside the first.
    expect(documented.toSorted()).toEqual(
      [...Object.keys(parseGatewayConfig(all)), 'PROXY_CREDENTIALS_SECRETS'].toSorted(),
    );
  });

  test('names all problems at once, and no secret', () => {
    writeFileSync(join(folder, 'proxies.json'), '[{"id":"a b","kind":"proxysql"}]');
    const problems = problemsOf({
      REDIS_URL: 'http://user:hunter2@redis',
      GATEWAY_PORT: 'http',
      GATEWAY_ADVERTISE: 'gateway',
      PROXIES_FILE: join(folder, 'proxies.json'),
      DIGEST_TOP_N: '0',
      COLLECT_BUDGET_MS: '1e3',
    });
    for (const name of ['REDIS_URL', 'GATEWAY_PORT', 'GATEWAY_ADVERTISE', 'DIGEST_TOP_N', 'COLLECT_BUDGET_MS']) {
      expect(problems).toContainEqual(expect.stringContaining(`${name}: `));
    }
    expect(problems).toContainEqual(expect.stringContaining('PROXY_CREDENTIALS_FILE: not set'));
    expect(problems).toContainEqual(expect.stringMatching(/PROXIES_FILE: .*\/0\/id: expected/));
    expect(problems).toContainEqual(expect.stringMatching(/PROXIES_FILE: .*\/0\/adminPort: /));
    expect(problems.join()).not.toContain('hunter2');
  });

  test('names what is wrong inside the file of credentials without repeating it', () => {
    writeFileSync(join(folder, 'credentials.json'), '{"stats":{"user":"stats","pasword":"hunter2"}}');
    const problems = problemsOf(env).join();
    expect(problems).toContain('/stats/password: missing');
    expect(problems).not.toContain('hunter2');
  });

  test.each(['0.0.0.0', '::'])('wants an address to advertise when it listens on all of them (%s)', (host) => {
    expect(problemsOf({ ...env, GATEWAY_HOST: host })).toEqual([expect.stringContaining('GATEWAY_ADVERTISE: not set')]);
    expect(problemsOf({ ...env, GATEWAY_HOST: host, GATEWAY_ADVERTISE: 'gateway-1.internal:9464' })).toEqual([]);
  });

  test.each(['10.0.0.7:9464', 'gateway-1:9464', '[fd00::7]:9464'])('takes %s to advertise', (address) => {
    expect(problemsOf({ ...env, GATEWAY_ADVERTISE: address })).toEqual([]);
  });

  test.each(['gateway', 'gateway:', 'http://gateway:9464', 'a b:1', 'fd00::7:9464', 'user@host:1', 'gateway:70000'])(
    'refuses %s to advertise',
    (address) => {
      expect(problemsOf({ ...env, GATEWAY_ADVERTISE: address })).toEqual([expect.stringContaining('is no address')]);
    },
  );
});
