import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { gatewayStackOf, madeWorkspace, taskOf } from '../../infra/support/gateway-stack.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

test.each([5, 15, 60])(
  'promtool takes what a template gives an agent that scrapes each %i s',
  (scrapeIntervalSeconds) => {
    const { template } = gatewayStackOf({ scrapeIntervalSeconds }, madeWorkspace);
    const file = join(temporaryFolder(), 'prometheus.yml');
    writeFileSync(file, taskOf(template, 'prometheus').environment.PROMETHEUS_CONFIG ?? '');
    expect(execFileSync('promtool', ['check', 'config', '--agent', file], { encoding: 'utf8' })).toContain('SUCCESS');
  },
);
