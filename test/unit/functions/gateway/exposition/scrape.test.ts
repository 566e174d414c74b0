import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { createCatalogue, type Format } from '../../../../../functions/gateway/exposition/catalogue.ts';
import { ProxyDocument } from '../../../../../functions/gateway/exposition/document.ts';
import type { Family } from '../../../../../functions/gateway/exposition/family.ts';
import { encodeLabels } from '../../../../../functions/gateway/exposition/labels.ts';
import { assemble, type Scrape } from '../../../../../functions/gateway/exposition/scrape.ts';
import { EXAMPLE_CATALOGUE, exampleDocument, HARD_TEXTS } from './example.ts';
import { parseExposition } from './strict-parser.ts';

const QUERIES: Family = { name: 'queries_total', type: 'counter', help: 'Queries.', value: 'integer' };
const CATALOGUE = createCatalogue([QUERIES]);
const CHUNK_BYTES = 8_192;

/** One proxy with many series in many chunks. */
function bigDocument(series: number) {
  const document = new ProxyDocument(CATALOGUE, { chunkBytes: CHUNK_BYTES });
  const table = document.table(QUERIES);
  for (let i = 0; i < series; i++) table.add(encodeLabels({ proxy: 'p', digest: `0x${String(i).padStart(16, '0')}` }));
  const scrape = () => assemble(CATALOGUE, [document], 'openmetrics');
  return { document, table, scrape };
}

function textOf(scrape: Scrape): string {
  return Buffer.concat(scrape.buffers()).toString();
}

describe.each<Format>(['text', 'openmetrics'])('an exposition as %s', (format) => {
  const documents = [exampleDocument('proxy-1'), exampleDocument('proxy-2')];
  const text = textOf(assemble(EXAMPLE_CATALOGUE, documents, format));

  test('is the golden file', () => {
    expect(text).toBe(readFileSync(new URL(`golden/example.${format}.golden`, import.meta.url), 'utf8'));
  });

  test('satisfies a strict parser, which finds the hard texts again', () => {
    const { samples, families } = parseExposition(text, format);
    const texts = samples
      .filter(({ labels }) => labels.proxy === 'proxy-1')
      .flatMap(({ labels }) => labels.digest_text ?? []);
    expect(texts).toEqual(HARD_TEXTS);
    const name = format === 'text' ? 'dbproxy_sql_executions_total' : 'dbproxy_sql_executions';
    expect(families.get(name)?.help).toBe('Executions of a digest; "failed" ones count too.\nSee C:\\docs.');
  });

  test('is the same when compressed, in one gzip member', async () => {
    const member = Buffer.concat(await assemble(EXAMPLE_CATALOGUE, documents, format).gzip());
    // Node's gunzip reads several members as one; a second one would show as a second header.
    expect(member.indexOf(Buffer.from([0x1f, 0x8b, 8]), 1)).toBe(-1);
    expect(gunzipSync(member).toString()).toBe(text);
  });
});

test('an exposition of nothing is empty, or an end only', () => {
  expect(textOf(assemble(CATALOGUE, [], 'text'))).toBe('');
  expect(textOf(assemble(CATALOGUE, [new ProxyDocument(CATALOGUE)], 'openmetrics'))).toBe('# EOF\n');
});

describe('a slow reader', () => {
  test('gets the bytes of the time when it came, however much is written meanwhile', async () => {
    const { document, table, scrape } = bigDocument(500);
    const slow = scrape();
    const before = textOf(slow);
    for (let ref = 0; ref < 500; ref++) table.set(ref, ref % 3 === 0 ? 10 ** 15 : ref);
    for (let ref = 0; ref < 500; ref += 2) table.remove(ref);
    for (let i = 0; i < 100; i++) table.add(encodeLabels({ proxy: 'p', newcomer: String(i) }), { hot: true });
    document.settle();
    expect(textOf(slow)).toBe(before);
    expect(gunzipSync(Buffer.concat(await slow.gzip())).toString()).toBe(before);
    expect(textOf(scrape())).not.toBe(before);
  });

  test('costs one copy of a chunk however many there are and however often it is written', () => {
    const { table, scrape } = bigDocument(500);
    const readers = Array.from({ length: 20 }, scrape);
    for (let ref = 0; ref < 500; ref++) for (let value = 1; value < 5; value++) table.set(ref, value);
    const written = new Set(
      scrape()
        .buffers()
        .map(({ buffer }) => buffer),
    );
    const read = new Set(readers.flatMap((reader) => reader.buffers().map(({ buffer }) => buffer)));
    expect(read.size).toBeLessThanOrEqual(written.size + readers.length);
  });

  test('that is done lets the document write in place again', () => {
    const { table, scrape } = bigDocument(500);
    const first = scrape();
    const [, chunk] = first.buffers();
    first.release();
    first.release();
    table.set(50, 4_711);
    table.set(450, 4_711);
    expect(scrape().buffers()[1]?.buffer).toBe(chunk?.buffer);
  });
});

describe('compression', () => {
  test('gives what the plain bytes are after any change, from old and new blocks', async () => {
    const { document, table, scrape } = bigDocument(1_000);
    for (let round = 0; round < 50; round++) {
      for (let i = 0; i < 20; i++) table.set((i * 37 + (round % 3)) % 1_000, round * 1_000 + i);
      document.settle();
      const current = scrape();
      expect(gunzipSync(Buffer.concat(await current.gzip())).equals(Buffer.concat(current.buffers()))).toBe(true);
      current.release();
    }
  });

  test('finds few chunks changed once the series that change lie together', async () => {
    const { document, table, scrape } = bigDocument(4_000);
    const changed: number[] = [];
    let known = new Set<Buffer>();
    for (let round = 1; round <= 8; round++) {
      for (let ref = 0; ref < 4_000; ref += 100) table.set(ref, round);
      document.settle();
      const current = scrape();
      const blocks = await current.gzip();
      changed.push(blocks.filter((block) => block.length > 100 && !known.has(block)).length);
      known = new Set(blocks);
      current.release();
    }
    const chunks = scrape().buffers().length;
    expect(chunks).toBeGreaterThan(20);
    expect(changed[0]).toBeGreaterThan(20);
    // Forty series of sixty bytes fill less than one chunk.
    expect(changed.at(-1)).toBeLessThanOrEqual(2);
  });

  test('holds the event loop for a slice only', async () => {
    const { scrape } = bigDocument(4_000);
    let turns = 0;
    const count = () => {
      turns++;
      timer = setImmediate(count);
    };
    let timer = setImmediate(count);
    const blocks = await scrape().gzip({ sliceMs: 0 });
    clearImmediate(timer);
    expect(turns).toBeGreaterThanOrEqual(blocks.length - 4);
  });

  test('forgets blocks that no scraper asked for in a long time', async () => {
    const { document, scrape } = bigDocument(500);
    const blocksOf = async () => {
      const current = scrape();
      const blocks = await current.gzip();
      current.release();
      return blocks;
    };
    const settle = (rounds: number) => {
      for (let round = 0; round < rounds; round++) document.settle();
    };
    const [, , first] = await blocksOf();
    settle(20);
    const [, , second] = await blocksOf();
    expect(second).toBe(first);
    settle(100);
    const [, , third] = await blocksOf();
    expect(third).not.toBe(first);
    expect(third).toEqual(first);
  });
});
