import { describe, test } from '@jest/globals';
import { startLocalRun } from '../support/local-run.ts';
import { Witness } from '../support/local-witness.ts';
import { until } from '../support/until.ts';

describe('what Prometheus stores of proxies under traffic', () => {
  test('equals what they counted, over resets, restarts and a gateway that was killed', async () => {
    const run = await (await startLocalRun()).ready();
    const witness = new Witness(run);
    await witness.untilBusy();
    await witness.pause();
    await witness.compare();

    await witness.remember(1);
    await witness.remember(2);
    await witness.lab('restart', '1');
    await witness.lab('reset', '2');
    await witness.lab('resume');
    await until(
      'the restarted proxy is seen at work',
      async () => {
        const [rate] = await witness.query('dbproxy_uptime_seconds{proxy="lab-1"} < 60');
        return rate !== undefined;
      },
      60_000,
    );
    await witness.pause();
    await witness.compare();

    await witness.lab('resume');
    const before = run.pidOf('gateway-1');
    process.kill(before, 'SIGKILL');
    await until('the gateway runs again', () => run.pidOf('gateway-1') !== before);
    await until(
      'it is scraped again',
      async () => (await witness.query('up{job="proxies"} == 1')).length === 3,
      60_000,
    );
    await witness.pause();
    await witness.compare();
  });
});
