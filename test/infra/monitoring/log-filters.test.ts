import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { createJsonLog } from '@proxywatch/core/drivers/log/json-log';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { dispatch } from '../../../functions/scanner/dispatch/dispatch.ts';
import { stageConfigOf } from '../../../infra/aws/config.ts';
import { ScannerAlarms } from '../../../infra/aws/constructs/monitoring/scanner-alarms.ts';
import { StageAlarms } from '../../../infra/aws/constructs/monitoring/stage-alarms.ts';
import { FakeDispatchClock } from '../../support/fake-dispatch-clock.ts';
import { memoryDispatch, throttled } from '../../support/memory-dispatch.ts';
import { proxiesNamed } from '../../support/scan-requests.ts';

const TICK_MS = 60_000;
const NOW_MS = 29_000_001 * TICK_MS;

interface Filter {
  readonly FilterPattern: string;
  readonly LogGroupName: string;
  readonly MetricTransformations: readonly {
    readonly MetricName: string;
    readonly MetricValue: string;
    readonly Dimensions?: readonly { readonly Key: string; readonly Value: string }[];
  }[];
}

const filters = (() => {
  const stack = new Stack(new App(), 'monitoring');
  const alarms = new StageAlarms(stack, 'AlarmsOf', { stage: 'dev', topic: new Topic(stack, 'Topic') });
  const observed = (name: string) => ({ name, logGroupName: `/aws/lambda/${name}`, timeoutSeconds: 90 });
  const [dispatch, collect] = [observed('dispatch'), observed('collect')];
  new ScannerAlarms(stack, 'Scanner', { config: stageConfigOf({ stage: 'dev' }), alarms, dispatch, collect });
  const found = Object.values(Template.fromStack(stack).findResources('AWS::Logs::MetricFilter'));
  return found.map(({ Properties }) => Properties as Filter);
})();

function filterOf(metric: string): Filter {
  const filter = filters.find(({ MetricTransformations }) => MetricTransformations[0]?.MetricName === metric);
  if (filter === undefined) throw new Error(`no filter makes ${metric}`);
  return filter;
}

/** What CloudWatch reads of a line: the value at a path, where the pattern `{ $.event = "…*" }` matches. */
function valueIn(line: string, { FilterPattern, MetricTransformations }: Filter): unknown {
  const [, wanted = ''] = /^\{ \$\.event = "(.*)" \}$/.exec(FilterPattern) ?? [];
  const fields = JSON.parse(line);
  const isMatch = wanted.endsWith('*') ? fields.event.startsWith(wanted.slice(0, -1)) : fields.event === wanted;
  const { MetricValue = '' } = MetricTransformations[0] ?? {};
  return isMatch ? (fields[MetricValue.replace('$.', '')] ?? MetricValue) : undefined;
}

async function linesOf(invoker: object): Promise<readonly string[]> {
  const clock = new FakeDispatchClock(NOW_MS);
  const lines: string[] = [];
  const deps = memoryDispatch({ clock, proxies: proxiesNamed(3), tickLengthMs: TICK_MS }, invoker);
  const run = dispatch(
    { ...deps, log: createJsonLog((line) => lines.push(line)) },
    NOW_MS - 20_000,
    new AbortController().signal,
  );
  await clock.pass(2 * TICK_MS);
  await run;
  return lines;
}

describe('what CloudWatch makes of the log of dispatch', () => {
  test('is the lag of a tick, and how many proxies were due', async () => {
    const lines = await linesOf({});
    expect(lines.map((line) => valueIn(line, filterOf('ScanLagMs')))).toEqual([20_000]);
    expect(lines.map((line) => valueIn(line, filterOf('ScanDueProxies')))).toEqual([3]);
    expect(filterOf('ScanLagMs').LogGroupName).toBe('/aws/lambda/dispatch');
  });

  test('is the lag of a tick that was sent in part as well', async () => {
    const lines = await linesOf({ invoker: { invoke: () => Promise.reject(throttled()) } });
    const lags = lines.map((line) => valueIn(line, filterOf('ScanLagMs'))).filter((value) => value !== undefined);
    expect(lags).toEqual([expect.any(Number)]);
    expect(lags[0]).toBeGreaterThan(20_000);
  });
});

describe('what CloudWatch makes of the log of collect', () => {
  const source = readFileSync('functions/scanner/collect/delivery.ts', 'utf8');

  test('is a count of runs that met a sink that was away, by sink', () => {
    const { FilterPattern, LogGroupName, MetricTransformations } = filterOf('SinkAway');
    expect([FilterPattern, LogGroupName]).toEqual(['{ $.event = "a sink is away*" }', '/aws/lambda/collect']);
    expect(MetricTransformations[0]?.Dimensions).toEqual([{ Key: 'sink', Value: '$.sink' }]);
    expect(source).toMatch(/log\.warn\('a sink is away[^']*', \{\s+sink: name,/);
  });

  test('is a count of batches that a sink refused for good', () => {
    expect(filterOf('BatchesLetGo').FilterPattern).toBe('{ $.event = "a batch is let go" }');
    expect(source).toContain("log.error('a batch is let go', { sink: name,");
  });
});
