import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { BenchResult } from '../../bench/harness/result.ts';
import { mergeIntoSummary, readSummary } from '../../bench/harness/summary.ts';

const NAMES = ['read', 'render', 'memory'];

describe('the summary of benchmarks', () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bench-summary-'));
    path = join(folder, 'bench-results', 'summary.json');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('is made with its folder', () => {
    mergeIntoSummary(path, [result('read', 2)], NAMES);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual([
      { name: 'read', value: 2, unit: 'ms', baseline: 10, ratio: 5 },
    ]);
  });

  test('keeps the rows of benchmarks that did not run, in the order of all', () => {
    mergeIntoSummary(path, [result('memory', 1), result('read', 2)], NAMES);
    mergeIntoSummary(path, [result('render', 4)], NAMES);
    mergeIntoSummary(path, [result('read', 5)], NAMES);
    expect(readSummary(path).map(({ name, value }) => [name, value])).toEqual([
      ['read', 5],
      ['render', 4],
      ['memory', 1],
    ]);
  });

  test('forgets benchmarks that are gone', () => {
    mergeIntoSummary(path, [result('read', 2)], NAMES);
    mergeIntoSummary(path, [result('render', 4)], ['render']);
    expect(readSummary(path).map(({ name }) => name)).toEqual(['render']);
  });

  test.each(['', '[{"name":"read"}]', '{'])('begins anew when it is damaged: %j', (text) => {
    mergeIntoSummary(path, [result('read', 2)], NAMES);
    writeFileSync(path, text);
    expect(readSummary(path)).toEqual([]);
    mergeIntoSummary(path, [result('render', 4)], NAMES);
    expect(readSummary(path)).toEqual([result('render', 4)]);
  });
});

function result(name: string, value: number): BenchResult {
  return { name, value, unit: 'ms', baseline: 10, ratio: 10 / value };
}
