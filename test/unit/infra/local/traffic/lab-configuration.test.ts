import { describe, expect, test } from '@jest/globals';
import { labBackends } from '../../../../../infra/local/lab/first-run.ts';
import { labConfiguration } from '../../../../../infra/local/traffic/lab-configuration.ts';

describe('the first configuration of a lab proxy', () => {
  const configuration = labConfiguration('127.0.0.1', 13306);

  test('sends writes to the writer and reads to the reader, both on the one back end', () => {
    expect(configuration.servers.map((server) => [server.hostgroup_id, server.hostname, server.port])).toEqual([
      [10, '127.0.0.1', 13306],
      [20, '127.0.0.1', 13306],
    ]);
    expect(configuration.rules.map((rule) => [rule.match_digest, rule.destination_hostgroup])).toEqual([
      ['^SELECT.*FOR UPDATE', 10],
      ['^SELECT', 20],
    ]);
  });

  test('lets the proxy tell who is in a transaction', () => {
    expect(configuration.variables).toEqual({ 'mysql-show_processlist_extended': '1' });
  });

  test('is a configuration that a lab proxy takes', () => {
    expect(labBackends.parse(configuration)).toEqual(configuration);
  });

  test('knows every user with a password of its own', () => {
    expect(configuration.users.map((user) => user.username)).toEqual(['app_rw', 'app_ro', 'batch']);
    expect(new Set(configuration.users.map((user) => user.password)).size).toBe(3);
  });
});
