import { describe, expect, test } from '@jest/globals';
import { mergePages } from '../../../../../functions/gateway/exposition/merge-pages.ts';
import { parseExposition } from './strict-parser.ts';

const page = (...lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');
const up = ['# HELP up Whether it is up.', '# TYPE up gauge'];
const runs = ['# HELP runs_total What ran.', '# TYPE runs_total counter'];
const merge = (...pages: readonly string[]) =>
  Buffer.concat(mergePages(pages.map((text) => Buffer.from(text)))).toString();

describe('pages put together', () => {
  test('have each family once, with the series of all pages', () => {
    const merged = merge(
      page(...up, 'up{proxy="a"} 1', ...runs, 'runs_total{proxy="a"} 5'),
      page(...up, 'up{proxy="b"} 0'),
      page(...up, 'up{proxy="c"} 1', ...runs, 'runs_total{proxy="c"} 7', 'runs_total{proxy="c",x="y"} 8'),
    );
    expect(merged).toBe(
      page(
        ...up,
        'up{proxy="a"} 1',
        'up{proxy="b"} 0',
        'up{proxy="c"} 1',
        ...runs,
        'runs_total{proxy="a"} 5',
        'runs_total{proxy="c"} 7',
        'runs_total{proxy="c",x="y"} 8',
      ),
    );
    expect(parseExposition(merged, 'text').samples).toHaveLength(6);
  });

  test('keep families that only another version knows, and take the first header of the others', () => {
    const merged = merge(
      page(...up, 'up 1'),
      page('# HELP up New words.', up[1] ?? '', 'up 0', ...runs, 'runs_total 1'),
    );
    expect(merged).toBe(page(...up, 'up 1', 'up 0', ...runs, 'runs_total 1'));
  });

  test('are not misled by a label that reads like a header', () => {
    const series = 'info{text="\\n# HELP up not so"} 1';
    expect(merge(page('# HELP info Of texts.', '# TYPE info gauge', series), page(...up, 'up 1'))).toBe(
      page('# HELP info Of texts.', '# TYPE info gauge', series, ...up, 'up 1'),
    );
  });

  test('are nothing when there is none, or nothing on them', () => {
    expect(merge()).toBe('');
    expect(merge('', '')).toBe('');
  });
});
