import { type Body, byteLengthOf, type Chunk, createBody, forgetIdle, NONE } from './chunk.ts';
import { ChunkList } from './chunk-list.ts';
import type { Columns } from './columns.ts';
import { widthOf, writeValue } from './digits.ts';
import { createdPrefixOf, type Family, type Line, linesOf } from './family.ts';

/**
 * The series of one family of one proxy, as the bytes that a scrape sends. Each value has a slot of fixed width and is
 * overwritten in place; a value that outgrows its slot moves the rest of its chunk. Series are named by small numbers
 * that the caller hands out.
 *
 * OpenMetrics wants the points of a metric together, and Prometheus looks for `_created` only up to the next such line
 * (its parser peeks from a sample, gives up at another series' `_created`, and would read the family to its end each time
 * if all of them stood behind the samples). So the line follows its sample in the same bytes, and the older format, which
 * has no such lines, gets a copy of those chunks without them; chunks that have none are shared by both.
 */
export class Part {
  readonly #family: Family;
  readonly #lines: readonly Line[];
  readonly #list: ChunkList;
  readonly #columns: Columns;

  constructor(family: Family, chunkBytes: number) {
    this.#family = family;
    this.#lines = linesOf(family);
    this.#list = new ChunkList(this.#lines.length, chunkBytes);
    this.#columns = this.#list.columns;
  }

  get byteLength(): number {
    let bytes = this.#columns.byteLength;
    for (const chunk of this.#list) bytes += byteLengthOf(chunk.body);
    return bytes;
  }

  add(ref: number, labels: Buffer, createdS: number | undefined, hot: boolean): void {
    const columns = this.#columns;
    const created = this.#createdLine(labels, createdS);
    const initial = this.#family.type === 'info' ? 1 : 0;
    const length = this.#lines.reduce((sum, line) => sum + lengthOf(line, labels), created.length);
    columns.ensure(ref);
    const { chunk, at: start } = this.#list.place(ref, length, hot);
    let at = start;
    this.#lines.forEach((line, i) => {
      at = writeLine(chunk.body.bytes, at, line, labels, initial);
      const slot = ref * this.#lines.length + i;
      columns.setValue(slot, initial);
      columns.setEnd(slot, at - 1);
      columns.setWidth(slot, line.width);
    });
    created.copy(chunk.body.bytes, at);
    columns.setCreated(ref, created.length);
    chunk.created ||= created.length > 0;
  }

  /** The hot path: an unchanged value costs one comparison, another one its digits. */
  set(ref: number, value: number, line: number): void {
    const columns = this.#columns;
    const slot = ref * this.#lines.length + line;
    if (columns.value(slot) === value) return;
    const width = columns.width(slot);
    if (width === 0) throw new RangeError(`no series ${ref} in ${this.#family.name}`);
    if (Object.is(columns.value(slot), value)) return;
    columns.setValue(slot, value);
    const chunk = this.#list.chunkOf(ref);
    const kind = (this.#lines[line] as Line).value;
    if (!writeValue(chunk.writable(), columns.end(slot), width, value, kind)) {
      this.#list.resize(ref, line, widthOf(value, kind));
      writeValue(chunk.body.bytes, columns.end(slot), columns.width(slot), value, kind);
    }
    this.#list.touch(ref, chunk);
  }

  remove(ref: number): void {
    if (!this.#columns.isLive(ref)) throw new RangeError(`no series ${ref} in ${this.#family.name}`);
    this.#list.remove(ref);
  }

  compact(): void {
    this.#list.compact();
  }

  settle(): void {
    this.#list.settle();
  }

  /** Appends the bytes of all series; whoever keeps them for longer than this turn of the event loop pins them. */
  collect(withCreated: boolean, into: Body[]): void {
    this.compact();
    for (const chunk of this.#list) {
      chunk.shared = true;
      into.push(withCreated || !chunk.created ? chunk.body : this.#withoutCreated(chunk));
    }
  }

  forgetIdle(): void {
    for (const chunk of this.#list) forgetIdle(chunk.body);
  }

  #withoutCreated(chunk: Chunk): Body {
    const { body } = chunk;
    if (body.withoutCreated === undefined) {
      const bytes = Buffer.allocUnsafeSlow(body.length);
      let length = 0;
      let start = 0;
      for (let ref = chunk.head; ref !== NONE; ref = this.#columns.next(ref)) {
        const end = this.#columns.endOfSeries(ref);
        length += body.bytes.copy(bytes, length, start, end - this.#columns.created(ref));
        start = end;
      }
      body.withoutCreated = createBody(bytes, length);
    }
    body.withoutCreated.asked = true;
    return body.withoutCreated;
  }

  #createdLine(labels: Buffer, createdS: number | undefined): Buffer {
    if (createdS === undefined || this.#family.type !== 'counter') return NOTHING;
    return Buffer.concat([createdPrefixOf(this.#family), labels, Buffer.from(`} ${createdS}\n`)]);
  }
}

const NOTHING = Buffer.alloc(0);
const COMMA = 0x2c;
const NEWLINE = 0x0a;

function lengthOf(line: Line, labels: Buffer): number {
  const comma = line.labelled && labels.length > 0 ? 1 : 0;
  return line.prefix.length + labels.length + comma + line.suffix.length + line.width + 1;
}

function writeLine(bytes: Buffer, start: number, line: Line, labels: Buffer, value: number): number {
  let at = start + line.prefix.copy(bytes, start);
  at += labels.copy(bytes, at);
  if (line.labelled && labels.length > 0) bytes[at++] = COMMA;
  at += line.suffix.copy(bytes, at) + line.width;
  writeValue(bytes, at, line.width, value, line.value);
  bytes[at++] = NEWLINE;
  return at;
}
