import { describe, expect, test } from '@jest/globals';
import { createCatalogue, type Format } from '../../../../../functions/gateway/exposition/catalogue.ts';
import { ProxyDocument } from '../../../../../functions/gateway/exposition/document.ts';
import type { Family } from '../../../../../functions/gateway/exposition/family.ts';
import { encodeLabels } from '../../../../../functions/gateway/exposition/labels.ts';
import { assemble, type Scrape } from '../../../../../functions/gateway/exposition/scrape.ts';
import type { SeriesRef } from '../../../../../functions/gateway/exposition/series-table.ts';
import { fc } from '../../../../support/properties.ts';
import { parseExposition } from './strict-parser.ts';

const EXECUTIONS: Family = {
  name: 'executions_total',
  type: 'counter',
  help: 'Executions.',
  value: 'integer',
  width: 3,
};
const DURATION: Family = {
  name: 'duration_seconds_total',
  type: 'counter',
  help: 'Time.',
  unit: 'seconds',
  value: 'micros',
  width: 9,
};
const LATENCY: Family = {
  name: 'latency_seconds',
  type: 'histogram',
  help: 'Latencies.',
  unit: 'seconds',
  value: 'micros',
  bounds: [0.001, 1],
};
const LOAD: Family = { name: 'load', type: 'gauge', help: 'Any number.', value: 'float', width: 1 };
const CATALOGUE = createCatalogue([EXECUTIONS, DURATION, LATENCY, LOAD]);

/** What a document should show, rendered naively. */
interface ModelSeries {
  readonly name: string;
  readonly createdS: number | undefined;
  executions: number;
  micros: number;
  buckets: number[];
  load: number;
}

interface Held {
  readonly scrape: Scrape;
  readonly format: Format;
  readonly expected: string[];
}

/** A document of small chunks beside its model; every step of a test goes to both. */
class Pair {
  readonly document = new ProxyDocument(CATALOGUE, { chunkBytes: 300 });
  readonly counters = this.document.table(EXECUTIONS, DURATION);
  readonly latency = this.document.table(LATENCY);
  readonly load = this.document.table(LOAD);
  readonly live = new Map<string, { refs: [SeriesRef, SeriesRef, SeriesRef]; model: ModelSeries }>();
  readonly held: Held[] = [];
  #names = 0;

  pick(n: number) {
    return [...this.live.values()][n % this.live.size];
  }

  add(text: string, hot: boolean, createdS: number | undefined): void {
    const name = `${this.#names++}-${text}`;
    const labels = encodeLabels({ proxy: name });
    const refs: [SeriesRef, SeriesRef, SeriesRef] = [
      this.counters.add(labels, { hot, ...(createdS === undefined ? {} : { createdS }) }),
      this.latency.add(labels, { hot }),
      this.load.add(labels),
    ];
    this.live.set(name, { refs, model: { name, createdS, executions: 0, micros: 0, buckets: [0, 0, 0], load: 0 } });
  }

  set(n: number, change: Partial<Pick<ModelSeries, 'executions' | 'micros' | 'buckets' | 'load'>>): void {
    const series = this.pick(n);
    if (series === undefined) return;
    const { refs, model } = series;
    Object.assign(model, change);
    this.counters.set(refs[0], model.executions, 0);
    this.counters.set(refs[0], model.micros, 1);
    this.latency.setHistogram(refs[1], model.buckets, model.micros);
    this.load.set(refs[2], model.load);
  }

  remove(n: number): void {
    const series = this.pick(n);
    if (series === undefined) return;
    this.counters.remove(series.refs[0]);
    this.latency.remove(series.refs[1]);
    this.load.remove(series.refs[2]);
    this.live.delete(series.model.name);
  }

  expected(format: Format): string[] {
    return [...this.live.values()].flatMap(({ model }) => linesOf(model, format)).sort();
  }

  hold(format: Format): void {
    const scrape = assemble(CATALOGUE, [this.document], format);
    this.held.push({ scrape, format, expected: this.expected(format) });
  }

  check({ scrape, format, expected }: Held): void {
    const text = Buffer.concat(scrape.buffers()).toString();
    const samples = parseExposition(text, format).samples;
    expect(samples.map(({ name, labels, value }) => line(name, labels, canonical(value))).sort()).toEqual(expected);
  }
}

/** A printed number without the zeros that fill its slot; no floating point is involved. */
function canonical(value: string): string {
  return value.replace(/^([+-]?)0+(?=\d)/, '$1');
}

function line(name: string, labels: Readonly<Record<string, string>>, value: string): string {
  return JSON.stringify([name, labels, value]);
}

function linesOf({ name: proxy, createdS, executions, micros, buckets, load }: ModelSeries, format: Format): string[] {
  const seconds = `${BigInt(micros) / 1_000_000n}.${String(BigInt(micros) % 1_000_000n).padStart(6, '0')}`;
  const [first = 0, second = 0, third = 0] = buckets;
  const created = format === 'openmetrics' && createdS !== undefined ? [String(createdS)] : [];
  const special = { NaN: 'NaN', Infinity: '+Inf', '-Infinity': '-Inf' }[String(load)];
  return [
    line('executions_total', { proxy }, String(executions)),
    line('duration_seconds_total', { proxy }, seconds),
    ...created.map((value) => line('executions_created', { proxy }, value)),
    ...created.map((value) => line('duration_seconds_created', { proxy }, value)),
    line('latency_seconds_bucket', { proxy, le: '0.001' }, String(first)),
    line('latency_seconds_bucket', { proxy, le: '1.0' }, String(first + second)),
    line('latency_seconds_bucket', { proxy, le: '+Inf' }, String(first + second + third)),
    line('latency_seconds_sum', { proxy }, seconds),
    line('latency_seconds_count', { proxy }, String(first + second + third)),
    line('load', { proxy }, special ?? String(load === 0 ? 0 : load)),
  ];
}

type Step = (pair: Pair) => void;

const index = fc.nat({ max: 1_000 });
const whole = fc.oneof(fc.nat({ max: 2_000 }), fc.maxSafeNat());
const change = fc.record(
  {
    executions: whole,
    micros: whole,
    buckets: fc.array(fc.nat(), { minLength: 3, maxLength: 3 }),
    load: fc.oneof(fc.double(), fc.nat({ max: 20 })),
  },
  { requiredKeys: [] },
);
const format = fc.constantFrom<Format>('text', 'openmetrics');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(fc.string({ unit: 'binary', maxLength: 12 }), fc.boolean(), fc.option(fc.nat(), { nil: undefined })).map(
    ([text, hot, createdS]) =>
      (pair: Pair) =>
        pair.add(text, hot, createdS),
  ),
  {
    weight: 3,
    arbitrary: fc.tuple(index, change).map(
      ([n, to]) =>
        (pair: Pair) =>
          pair.set(n, to),
    ),
  },
  index.map((n) => (pair: Pair) => pair.remove(n)),
  fc.constant((pair: Pair) => pair.document.settle()),
  format.map((as) => (pair: Pair) => pair.hold(as)),
  index.map((n) => (pair: Pair) => {
    const [held] = pair.held.splice(n % Math.max(1, pair.held.length), 1);
    if (held === undefined) return;
    pair.check(held);
    held.scrape.release();
  }),
);

describe('a document', () => {
  test('shows what a naive rendering shows after any steps, and each scrape what was true when it began', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        const pair = new Pair();
        for (const run of steps) run(pair);
        pair.hold('text');
        pair.hold('openmetrics');
        for (const held of pair.held) pair.check(held);
      }),
      { numRuns: 200 },
    );
  });

  test('stays right while series change, come and go for hundreds of rounds', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat({ max: 10_000 })), (numbers) => {
        const pair = new Pair();
        const next = () => numbers.next().value as number;
        for (let i = 0; i < 40; i++) pair.add('x', next() % 2 === 0, next() % 3 === 0 ? next() : undefined);
        for (let round = 1; round <= 200; round++) {
          // Mostly the same few change, as in production, so that hot chunks form, cool down and dissolve.
          for (let i = 0; i < 6; i++)
            pair.set((next() % 5) + Math.floor(round / 60), { executions: next(), micros: next() });
          if (next() % 4 === 0) pair.set(next(), { executions: next(), load: next() / 7 });
          if (next() % 5 === 0) pair.remove(next());
          if (next() % 5 === 0) pair.add('y', next() % 2 === 0, undefined);
          pair.document.settle();
          if (round % 40 === 0) {
            pair.hold(round % 80 === 0 ? 'text' : 'openmetrics');
            pair.check(pair.held.at(-1)!);
          }
        }
        for (const held of pair.held) pair.check(held);
      }),
      { numRuns: 20 },
    );
  });

  test('shows nothing of a table that is withheld, and all of it afterwards', () => {
    const pair = new Pair();
    pair.add('a', false, undefined);
    pair.counters.exposed = false;
    pair.set(0, { executions: 7 });
    const names = () =>
      parseExposition(Buffer.concat(assemble(CATALOGUE, [pair.document], 'text').buffers()).toString(), 'text')
        .families;
    expect([...names().keys()]).toEqual(['latency_seconds', 'load']);
    pair.counters.exposed = true;
    expect([...names().keys()]).toHaveLength(4);
    pair.hold('text');
    for (const held of pair.held) pair.check(held);
  });

  test('gives the numbers of removed series again, once their bytes are gone', () => {
    const pair = new Pair();
    for (let round = 0; round < 50; round++) {
      for (let i = 0; i < 10; i++) pair.add('x', false, undefined);
      for (let i = 0; i < 10; i++) pair.remove(0);
      pair.document.settle();
    }
    pair.add('last', false, undefined);
    expect(pair.pick(0)?.refs[0]).toBeLessThan(10);
  });

  test('refuses a series that is gone, and a family that is unknown or taken', () => {
    const pair = new Pair();
    pair.add('a', false, undefined);
    const ref = pair.pick(0)!.refs[0];
    pair.remove(0);
    expect(() => pair.counters.set(ref, 0)).toThrow(RangeError);
    expect(() => pair.counters.set(99, 1)).toThrow(RangeError);
    expect(() => pair.counters.remove(ref)).toThrow(RangeError);
    expect(() => pair.document.table(LOAD)).toThrow('load has a table');
    expect(() => pair.document.table({ ...LOAD })).toThrow('not in the catalogue');
    expect(() => pair.latency.setHistogram(0, [1, 2], 3)).toThrow('2 buckets instead of 3');
    expect(pair.counters.size).toBe(0);
  });
});
