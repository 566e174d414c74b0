import { describe, expect, test } from '@jest/globals';
import { errorCodeOf, messageOf } from '@proxywatch/core/domain/errors';
import { resetDigests } from '../../../../../../infra/local/lab/cli/reset-lab.ts';
import { askTraffic } from '../../../../../../infra/local/lab/cli/traffic-control.ts';
import { startControlServer } from '../../../../../../infra/local/traffic/control-server.ts';
import { startFakeMysql } from '../../../../../support/fake-mysql.ts';

describe('commands to the traffic', () => {
  test('are carried out by it', async () => {
    const calls: string[] = [];
    const server = await startControlServer(0, {
      pause: async () => void calls.push('pause'),
      resume: () => void calls.push('resume'),
      status: () => ({ calls }),
    });
    await askTraffic(server.port, 'pause');
    await askTraffic(server.port, 'resume');
    expect(await askTraffic(server.port, 'status')).toBe('{"calls":["pause","resume"]}');
    await server.close();
  });

  test('fail with the reason when it is not there', async () => {
    const error = await askTraffic(1, 'pause').catch((caught: unknown) => caught);
    expect(errorCodeOf(error)).toBe('SERVICE_UNREACHABLE');
    expect(messageOf(error)).toContain('the traffic does not answer on http://127.0.0.1:1/pause');
  });
});

describe('a reset of the digests', () => {
  test('fails with the reason when the proxy is not there, or refuses', async () => {
    await expect(resetDigests(1)).rejects.toThrow('the admin port 127.0.0.1:1 failed: connect ECONNREFUSED');
    const proxy = await startFakeMysql(async () => ({ errno: 1045 }));
    await expect(resetDigests(proxy.port)).rejects.toThrow(`the admin port 127.0.0.1:${proxy.port} failed: error 1045`);
    expect(proxy.seen).toEqual(['SELECT COUNT(*) FROM stats_mysql_query_digest_reset']);
    await proxy.stop();
  });
});
