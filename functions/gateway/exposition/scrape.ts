import { type Catalogue, END, type Format } from './catalogue.ts';
import { type Body, createBody, viewOf } from './chunk.ts';
import type { ProxyDocument } from './document.ts';
import { type GzipOptions, gzip } from './gzip.ts';

/**
 * Everything that one or many proxies expose, as of now: families in the order of the catalogue, each once, with its
 * series of all documents. Call `release` when it was sent.
 */
export function assemble(catalogue: Catalogue, documents: readonly ProxyDocument[], format: Format): Scrape {
  const joiner = new Joiner();
  const bodies: Body[] = [];
  for (const [index, header] of catalogue.headers[format].entries()) {
    bodies.length = 0;
    for (const document of documents) document.collect(index, format === 'openmetrics', bodies);
    if (bodies.length === 0) continue;
    joiner.addBytes(header);
    for (const body of bodies) joiner.addBody(body);
  }
  joiner.addBytes(END[format]);
  return new Scrape(joiner.finish());
}

/** The same of bytes that nobody changes. */
export function assembleBytes(parts: Iterable<Buffer>): Scrape {
  const joiner = new Joiner();
  for (const part of parts) joiner.addBody(createBody(part));
  return new Scrape(joiner.finish());
}

/** A consistent exposition: its bytes stay as they are until `release`, whatever is written meanwhile. */
export class Scrape {
  readonly #bodies: readonly Body[];
  #released = false;

  constructor(bodies: readonly Body[]) {
    this.#bodies = bodies;
    for (const body of bodies) body.pins++;
  }

  /** The bytes, to be sent one after the other. */
  buffers(): Buffer[] {
    return this.#bodies.map(viewOf);
  }

  /** The same as one gzip member; these bytes may be sent after `release`, too. */
  async gzip(options?: GzipOptions): Promise<Buffer[]> {
    for (const body of this.#bodies) body.pins++;
    try {
      return await gzip(this.#bodies, options);
    } finally {
      for (const body of this.#bodies) body.pins--;
    }
  }

  /** Lets the documents write in place again. Further calls do nothing. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    for (const body of this.#bodies) body.pins--;
  }
}

/** Below this a copy costs less than a write of its own and a deflate block of its own. */
const SMALL = 4_096;
const JOINED = 65_536;

/** Copies runs of headers and small bodies together; large bodies stay what they are. */
class Joiner {
  readonly #bodies: Body[] = [];
  #run: Buffer[] = [];
  #runLength = 0;

  addBytes(bytes: Buffer): void {
    this.#run.push(bytes);
    this.#runLength += bytes.length;
    if (this.#runLength >= JOINED) this.#flush();
  }

  addBody(body: Body): void {
    if (body.length < SMALL) {
      this.addBytes(viewOf(body));
    } else {
      this.#flush();
      this.#bodies.push(body);
    }
  }

  finish(): readonly Body[] {
    this.#flush();
    return this.#bodies;
  }

  #flush(): void {
    if (this.#runLength > 0) this.#bodies.push(createBody(Buffer.concat(this.#run, this.#runLength)));
    this.#run = [];
    this.#runLength = 0;
  }
}
