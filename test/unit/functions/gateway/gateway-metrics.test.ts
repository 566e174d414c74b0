import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { createGatewayMetrics } from '../../../../functions/gateway/gateway-metrics.ts';

const page = readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8');

test('docs/metrics.md has every series of a gateway, with its type, and no other', () => {
  const written = createGatewayMetrics('g')
    .registry.getMetricsAsArray()
    .filter(({ name }) => !/_(process|nodejs)_/.test(name))
    .map(({ name, type }) => `${name} ${String(type)}`);
  const documented = [...page.matchAll(/^\| `(proxywatch_gateway_\w+)` \| (\w+) \|/gm)].map(
    ([, name, type]) => `${name} ${type}`,
  );
  expect(documented.toSorted()).toEqual(written.toSorted());
});
