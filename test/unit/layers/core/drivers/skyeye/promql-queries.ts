import { fc } from '../../../../../support/properties.ts';

/** Matchers that ask for other tenants, in every way that comes to mind. */
const MATCHERS = [
  'namespace="reporting"',
  'namespace!="shop"',
  'namespace=~".+"',
  'namespace=~".*"',
  'namespace!~"shop"',
  'namespace=""',
  '"namespace"="reporting"',
  "namespace='reporting'",
  'namespace=`reporting`',
  'namespace=~"shop|reporting"',
  'or="1"',
  '__name__=~".+"',
  '"quoted.metric"',
  'proxy="a\\"} or up{x=\\""',
  'proxy="}"',
  'proxy=`"}`',
  "proxy='\\x7d'",
  'by="x"',
];

const NAMES = ['up', 'dbproxy_up', 'sum', 'by', 'offset_', 'a:b:rate5m', 'or_', 'info', 'start', 'fill', 'namespace'];
/** Whatever may stand between two tokens, comments that pretend to be code included. */
const BLANKS = ['', ' ', '\n', '\t', ' # up{namespace="reporting"}\n', '#{\n', '#}"\n', '\r\n'];

const blank = fc.constantFrom(...BLANKS);
const matchers = fc
  .tuple(fc.array(fc.constantFrom(...MATCHERS), { maxLength: 3 }), blank, blank, fc.boolean())
  .map(([list, before, after, comma]) => `{${before}${list.join(`,${after}`)}${comma && list.length > 0 ? ',' : ''}}`);
const selector = fc.oneof(
  fc.constantFrom(...NAMES),
  fc.tuple(fc.constantFrom(...NAMES), blank, matchers).map((parts) => parts.join('')),
  matchers,
);

/** Expressions with selectors in every position that the grammar has. Most are PromQL, not all make sense to a server. */
export const expression: fc.Arbitrary<string> = fc.letrec<{ expr: string }>((tie) => ({
  expr: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    selector,
    fc.constantFrom('1', 'time()', 'vector(1)', '"a string{}"', "'up'"),
    tie('expr').map((e) => `(${e})`),
    tie('expr').map((e) => `-${e}`),
    fc.tuple(tie('expr'), blank).map(([e, b]) => `sum by (namespace, "x.y")${b}(${e})`),
    tie('expr').map((e) => `topk(3, ${e}) without (a)`),
    tie('expr').map((e) => `count_values("namespace", ${e})`),
    selector.map((s) => `rate(${s}[5m] offset 1m @ start())`),
    selector.map((s) => `absent_over_time(${s}[5m])`),
    tie('expr').map((e) => `max_over_time((${e})[1h:5m] offset -5m)`),
    tie('expr').map((e) => `label_replace(${e}, "namespace", "reporting", "", "")`),
    tie('expr').map((e) => `label_join(${e}, "namespace", "", "proxy")`),
    fc
      .tuple(
        tie('expr'),
        fc.constantFrom(
          '+',
          '/',
          '> bool',
          'and',
          'or',
          'unless on(namespace)',
          '* on(proxy) group_left(x)',
          '==',
          '^',
        ),
        blank,
        tie('expr'),
      )
      .map(([a, operator, b, c]) => `${a} ${operator} ${b}${c}`),
    fc.tuple(tie('expr'), blank).map(([e, b]) => `${e}${b} @ 1609746000`),
  ),
})).expr;

/** Text that was damaged: a few characters of an expression replaced, doubled or removed. */
export const damaged: fc.Arbitrary<string> = fc
  .tuple(
    expression,
    fc.array(
      fc.tuple(
        fc.nat(),
        fc.constantFrom(
          '{',
          '}',
          '"',
          "'",
          '`',
          '\\',
          '#',
          '\r',
          '\n',
          '\u2028',
          '\u00a0',
          ',',
          '(',
          ')',
          ' or ',
          '\0',
        ),
        fc.nat({ max: 2 }),
      ),
      { minLength: 1, maxLength: 4 },
    ),
  )
  .map(([text, edits]) =>
    edits.reduce((so, [at, insert, removed]) => {
      const from = at % (so.length + 1);
      return so.slice(0, from) + insert + so.slice(from + removed);
    }, text),
  );
