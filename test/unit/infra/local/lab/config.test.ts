import { describe, expect, test } from '@jest/globals';
import { messageOf } from '@proxywatch/core/domain/errors';
import { parseLabConfig } from '../../../../../infra/local/lab/config.ts';

const COMPLETE = { LAB_ID: '2', LAB_ADMIN_PORT: '0', LAB_TRAFFIC_PORT: '16043', LAB_DATA_DIR: '/data' };

function problemsOf(env: Readonly<Record<string, string>>): string {
  try {
    parseLabConfig(env);
  } catch (error) {
    return messageOf(error);
  }
  throw new Error('no problem was found');
}

describe('the settings of a lab proxy', () => {
  test('need little', () => {
    expect(parseLabConfig(COMPLETE)).toEqual({
      LAB_ID: 2,
      LAB_HOST: '127.0.0.1',
      LAB_ADMIN_PORT: 0,
      LAB_TRAFFIC_PORT: 16043,
      LAB_DATA_DIR: '/data',
      LAB_BACKENDS: {},
      LAB_VARIABLES: {},
      LAB_PARENT_PIPE: false,
    });
  });

  test('hold peers, configuration and variables', () => {
    const config = parseLabConfig({
      ...COMPLETE,
      LAB_PEERS: '127.0.0.1:16032, 127.0.0.1:16042',
      LAB_BACKENDS: '{"servers":[{"hostgroup_id":10,"hostname":"127.0.0.1","port":3306}]}',
      LAB_VARIABLES: '{"mysql-long_query_time":"200"}',
      LAB_PARENT_PIPE: '1',
    });
    expect(config.LAB_PEERS).toEqual([16032, 16042].map((port) => ({ host: '127.0.0.1', port })));
    expect(config.LAB_BACKENDS.servers).toEqual([{ hostgroup_id: 10, hostname: '127.0.0.1', port: 3306 }]);
    expect(config).toMatchObject({ LAB_VARIABLES: { 'mysql-long_query_time': '200' }, LAB_PARENT_PIPE: true });
  });

  test('are refused with all their problems at once, and no password', () => {
    const problems = problemsOf({
      LAB_ID: '0',
      LAB_ADMIN_PORT: 'x',
      LAB_BACKENDS: '{"users":[{"username":"a","passwort":"hidden"}],"more":[]}',
      LAB_VARIABLES: '{"long_query_time":"200"}',
    });
    for (const name of ['LAB_ID', 'LAB_ADMIN_PORT', 'LAB_TRAFFIC_PORT', 'LAB_DATA_DIR', 'LAB_VARIABLES']) {
      expect(problems).toContain(`${name}:`);
    }
    expect(problems).toContain('LAB_BACKENDS: /users/0/passwort: no column of mysql_users; /more: unknown field');
    expect(problems).not.toContain('hidden');
  });
});
