/**
 * One page of several, all in the older text format: each family once, with the series of all pages. Pages may come from
 * gateways of different versions: the first header of a family counts. Buffers are views of the pages.
 */
export function mergePages(pages: readonly Buffer[]): readonly Buffer[] {
  const families = new Map<string, Buffer[]>();
  for (const page of pages) {
    for (const { header, series } of familiesOf(page)) {
      const name = nameIn(header);
      const merged = families.get(name);
      if (merged) merged.push(series);
      else families.set(name, [header, series]);
    }
  }
  return [...families.values()].flat();
}

interface FamilyBlock {
  readonly header: Buffer;
  readonly series: Buffer;
}

const HELP = '# HELP ';
const NEW_LINE = 0x0a;
const HASH = 0x23;

/** Line feeds in help and labels are escaped, so a line that begins like a header is one. */
function* familiesOf(page: Buffer): Iterable<FamilyBlock> {
  let start = page.indexOf(HELP);
  while (start >= 0) {
    const next = page.indexOf(`\n${HELP}`, start);
    const end = next < 0 ? page.length : next + 1;
    const body = endOfHeader(page, start, end);
    yield { header: page.subarray(start, body), series: page.subarray(body, end) };
    start = next < 0 ? -1 : end;
  }
}

function endOfHeader(page: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && page[at] === HASH) {
    const lineEnd = page.indexOf(NEW_LINE, at);
    at = lineEnd < 0 ? end : lineEnd + 1;
  }
  return at;
}

function nameIn(header: Buffer): string {
  const end = header.indexOf(' ', HELP.length);
  return header.toString('utf8', HELP.length, end < 0 ? header.length : end);
}
