import { describe, expect, test } from '@jest/globals';
import { ProxywatchError } from '../../../../../../layers/core/src/domain/errors.ts';
import { detectCapabilities, fetchVersion } from '../../../../../../layers/core/src/drivers/proxysql/capabilities.ts';
import type { Query } from '../../../../../../layers/core/src/drivers/proxysql/cells.ts';
import { PROBES, VERSION } from '../../../../../../layers/core/src/drivers/proxysql/statements.ts';

const without = (missing: Readonly<Record<string, string>>, version = '2.7.2') => {
  return async (statement: string) => {
    const message = missing[statement];
    if (message !== undefined) throw new ProxywatchError('PROXY_STATEMENT', message);
    return statement === VERSION ? [[Buffer.from(version)]] : [];
  };
};

const capabilitiesOf = async (query: Query) => detectCapabilities(await fetchVersion(query), query);

describe('capabilities', () => {
  test('are all there when every table answers', async () => {
    expect(await capabilitiesOf(without({}))).toEqual({
      version: '2.7.2',
      digests: true,
      commandCounters: true,
      errors: true,
      backends: true,
      users: true,
      queryEvents: true,
      errorTotals: true,
      reasons: {},
    });
  });

  test('without a table lose that table only, and say why', async () => {
    const capabilities = await capabilitiesOf(without({ [PROBES.errors]: 'no such table: stats_mysql_errors' }));
    expect(capabilities).toMatchObject({
      errors: false,
      digests: true,
      reasons: { errors: 'no such table: stats_mysql_errors' },
    });
  });

  test('have no digests when a column of them is missing', async () => {
    const capabilities = await capabilitiesOf(without({ [PROBES.digests]: 'no such column: sum_rows_sent' }));
    expect(capabilities).toMatchObject({ digests: false, reasons: { digests: 'no such column: sum_rows_sent' } });
  });

  test('have no digests without an uptime to read them by', async () => {
    const capabilities = await capabilitiesOf(without({ [PROBES.uptime]: 'no such table: stats_mysql_global' }));
    expect(capabilities.digests).toBe(false);
    expect(capabilities.reasons?.digests).toContain('no such table: stats_mysql_global');
  });

  test('accept any version, even none', async () => {
    expect((await capabilitiesOf(without({}, '99.1-weird'))).version).toBe('99.1-weird');
    expect((await capabilitiesOf(without({ [VERSION]: 'no such column' }))).version).toBe('unknown');
  });

  test('are not guessed when the connection fails', async () => {
    const failing = async () => {
      throw new ProxywatchError('PROXY_UNREACHABLE', 'gone');
    };
    await expect(capabilitiesOf(failing)).rejects.toMatchObject({ code: 'PROXY_UNREACHABLE' });
  });
});
