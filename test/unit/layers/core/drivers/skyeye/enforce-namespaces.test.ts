import { describe, expect, test } from '@jest/globals';
import { parser } from '@prometheus-io/lezer-promql';
import { isProxywatchError } from '@proxywatch/core/domain/errors';
import { enforceNamespaces, namespaceMatcher } from '@proxywatch/core/drivers/skyeye/enforce-namespaces';
import { fc } from '../../../../../support/properties.ts';
import { damaged, expression } from './promql-queries.ts';

const SHOP = 'namespace="shop"';
const shop = (query: string) => enforceNamespaces(query, ['shop']);

/** Each selector's text, as the bare parser sees it: nothing of what is tested is asked. */
function selectorsIn(text: string): readonly string[] {
  const found: string[] = [];
  parser.parse(text).iterate({
    enter({ name, from, to, type }) {
      if (type.isError) throw new Error(`not PromQL: ${text}`);
      if (name === 'VectorSelector') found.push(text.slice(from, to));
    },
  });
  return found;
}

function refusalOf(query: string): string | undefined {
  try {
    shop(query);
    return undefined;
  } catch (error) {
    if (isProxywatchError(error) && error.code === 'UNPROCESSABLE') return error.problems[0]?.message;
    throw error;
  }
}

describe('a query with namespaces enforced', () => {
  test.each([
    ['up', `up{${SHOP}}`],
    ['{}', `{${SHOP}}`],
    ['up{ }', `up{${SHOP} }`],
    ['up{a="b",}', `up{${SHOP},a="b",}`],
    ['{"my.metric", a=~"x"}', `{${SHOP},"my.metric", a=~"x"}`],
    ['{__name__=~".+"}', `{${SHOP},__name__=~".+"}`],
    ['up{namespace="reporting"}', `up{${SHOP},namespace="reporting"}`],
    ['sum by (a) (rate(up[5m] offset 1m @ end()))', `sum by (a) (rate(up{${SHOP}}[5m] offset 1m @ end()))`],
    ['max_over_time(up[1h:5m])', `max_over_time(up{${SHOP}}[1h:5m])`],
    ['a / on(x) group_left(y) b', `a{${SHOP}} / on(x) group_left(y) b{${SHOP}}`],
    ['sum(sum)', `sum(sum{${SHOP}})`],
    ['topk by (job) (3, up) or vector(0)', `topk by (job) (3, up{${SHOP}}) or vector(0)`],
    ['-up ^ 2', `-up{${SHOP}} ^ 2`],
    ['(((up)))', `(((up{${SHOP}})))`],
    ['up{a="}"}', `up{${SHOP},a="}"}`],
    ['label_replace(up, "namespace", "x", "", "")', `label_replace(up{${SHOP}}, "namespace", "x", "", "")`],
    ['1 + time()', '1 + time()'],
    ['"up"', '"up"'],
  ])('%s', (query, expected) => {
    expect(shop(query)).toBe(expected);
  });

  test('has no comments any more, wherever they stood', () => {
    const query = 'up # {namespace="reporting"}\n{# a\n} + up{# b\na="b"}';
    const enforced = shop(query);
    expect(enforced).not.toContain('#');
    expect(selectorsIn(enforced)).toHaveLength(2);
    expect(shop('up{a="# no comment"}')).toBe(`up{${SHOP},a="# no comment"}`);
  });

  test('names several namespaces by an expression that matches no other', () => {
    expect(enforceNamespaces('up', ['b.c', 'a', 'a', ''])).toBe('up{namespace=~"a|b\\\\.c"}');
    const source = /"(.*)"/.exec(namespaceMatcher(['b.c', 'x+y|z"']))?.[1] ?? '';
    const expression = new RegExp(`^(?:${JSON.parse(`"${source}"`)})$`);
    expect(['b.c', 'x+y|z"', 'bxc', 'xxy', 'z"', ''].filter((name) => expression.test(name))).toEqual([
      'b.c',
      'x+y|z"',
    ]);
  });

  test('matches nothing for somebody who may see no namespace', () => {
    for (const namespaces of [[], ['']]) {
      expect(enforceNamespaces('up{a="b"}', namespaces)).toBe('up{namespace="",namespace!="",a="b"}');
    }
  });

  test('stays what it is for somebody who may see all, and must be PromQL all the same', () => {
    expect(enforceNamespaces('up{a="b"}\r\n+ 1', '*')).toBe('up{a="b"}\n+ 1');
    expect(() => enforceNamespaces('up{', '*')).toThrow('line 1, column 4');
  });
});

describe('what is refused', () => {
  test.each([
    ['', 'line 1, column 1: not a PromQL expression'],
    ['sum(\n  up', 'line 2, column 5: not a PromQL expression'],
    ['up{namespace="a" or namespace="b"}', 'line 1, column 18: not a PromQL expression'],
    ['nosuchfunction(up)', 'line 1, column 15: not a PromQL expression'],
    ['up; up', 'line 1, column 3: not a PromQL expression'],
    // Prometheus ends a comment at a carriage return, our grammar does not: what follows would be code to it alone.
    ['1 #\ror up', 'line 1, column 4: a control character'],
    ['up\u00a0', 'line 1, column 3: a character that PromQL knows in strings only'],
    ['up # caf\u00e9\n\u2028+ up', 'line 2, column 1: a character that PromQL knows in strings only'],
    ['"\\q"', 'line 1, column 1: not a string that ends, with escapes that PromQL knows'],
    ['up{a="\\u12"}', 'line 1, column 6: not a string that ends, with escapes that PromQL knows'],
    ['"never ends', 'line 1, column 1: not a string that ends, with escapes that PromQL knows'],
    ['info(up)', 'line 1, column 1: info() is not supported'],
    [`"\ud800"`, 'not Unicode text'],
    [`up{a="${'x'.repeat(17_000)}"}`, 'longer than 16384 bytes'],
  ])('%j', (query, message) => {
    expect(refusalOf(query)).toBe(message);
  });

  test('queries that are nested or long beyond reason, without taking long', () => {
    expect(refusalOf(`${'('.repeat(200)}up${')'.repeat(200)}`)).toMatch(/nested more than 100 levels deep/);
    expect(refusalOf('('.repeat(8_000))).toBeDefined();
    expect(refusalOf('-'.repeat(16_000))).toBeDefined();
    expect(refusalOf('{}+'.repeat(5_000))).toBeDefined();
    const many = Array.from({ length: 120 }, () => 'up').join(',');
    expect(refusalOf(`label_join(${many})`)).toBe('more than 100 selectors');
  });

  test('a query that would become too long by its namespaces', () => {
    const namespaces = Array.from({ length: 500 }, (_, i) => `namespace-${i}`);
    const query = `label_join(${Array.from({ length: 90 }, () => 'up').join(',')})`;
    expect(() => enforceNamespaces(query, namespaces)).toThrow('too many selectors for the number of namespaces');
  });

  test('where it came from is told', () => {
    try {
      enforceNamespaces('up{', ['shop'], '/query');
      throw new Error('was taken');
    } catch (error) {
      expect(error).toMatchObject({ problems: [{ pointer: '/query' }] });
    }
  });
});

describe('no query', () => {
  const isEnforced = (text: string) => /^[^{"'`]*\{namespace="shop"[,}\s]/.test(text);

  test('leaves a selector without the matcher, wherever it stands', () => {
    fc.assert(
      fc.property(expression, (query) => {
        if (refusalOf(query) !== undefined) return;
        const enforced = shop(query);
        const selectors = selectorsIn(enforced);
        expect(selectors.every(isEnforced)).toBe(true);
        expect(selectors).toHaveLength(selectorsIn(query.replaceAll('\r\n', '\n')).length);
      }),
      { numRuns: 2_000 },
    );
  });

  test('of a damaged text either, be it refused or not', () => {
    let taken = 0;
    fc.assert(
      fc.property(damaged, (query) => {
        if (refusalOf(query) !== undefined) return;
        taken += 1;
        const enforced = shop(query);
        expect(selectorsIn(enforced).every(isEnforced)).toBe(true);
        expect(enforced).not.toMatch(/\r/);
      }),
      { numRuns: 4_000 },
    );
    expect(taken).toBeGreaterThan(50);
  });

  test('is changed by being enforced twice, but for a second matcher', () => {
    fc.assert(
      fc.property(expression, (query) => {
        if (refusalOf(query) !== undefined) return;
        const once = shop(query);
        expect(selectorsIn(shop(once)).map((text) => text.replace(`${SHOP},`, ''))).toEqual(selectorsIn(once));
      }),
      { numRuns: 300 },
    );
  });
});
