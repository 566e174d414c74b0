import { describe, expect, test } from '@jest/globals';
import { createProxysqlControl } from '@proxywatch/core/drivers/proxysql/control/create-control';
import { driftOf, type LayerValues, shownLayers } from '../../../../../functions/api/variables/live-variables.ts';

const control = createProxysqlControl();
const layers = (memory: string | null, runtime: string | null, disk: string | null): LayerValues => ({
  memory,
  runtime,
  disk,
});

describe('the drift of a variable', () => {
  test.each<[string, LayerValues, string | undefined, readonly string[]]>([
    ['none where all is alike', layers('1', '1', '1'), '1', []],
    ['none where nobody decided', layers('1', '1', '1'), undefined, []],
    ['none between spellings of one value', layers('true', 'true', '1'), '1', []],
    ['what is desired and does not run', layers('1', '1', '1'), '2', ['desired']],
    ['an edit that was not loaded', layers('2', '1', '1'), '1', ['memory']],
    ['what was not saved', layers('2', '2', '1'), '2', ['disk']],
    ['all of it', layers('2', '1', '3'), '4', ['desired', 'memory', 'disk']],
    ['a variable that was never saved', layers('1', '1', null), undefined, ['disk']],
  ])('is %s', (_, values, desired, drift) => {
    expect(driftOf(control, values, desired)).toEqual(drift);
  });
});

test('secret values are masked, absent ones stay absent', () => {
  expect(shownLayers(layers('geheim', null, ''), true)).toEqual({ memory: '***', runtime: null, disk: '***' });
  expect(shownLayers(layers('1', '2', '3'), false)).toEqual(layers('1', '2', '3'));
});
