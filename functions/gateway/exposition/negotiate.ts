import type { Format } from './catalogue.ts';

/** How a scraper wants its answer. */
export interface Negotiated {
  readonly format: Format;
  readonly contentType: string;
  readonly gzip: boolean;
}

/**
 * What to answer to the headers `Accept` and `Accept-Encoding`. OpenMetrics only to those who name it; of what they like
 * equally, the newer one. Who accepts nothing that we have gets the older text: a scrape is better than a 406.
 */
export function negotiate(accept = '', acceptEncoding = ''): Negotiated {
  const ranges = parseList(accept);
  let best = TEXT;
  let bestQuality = 0;
  for (const offer of OFFERS) {
    const quality = qualityOf(offer, ranges);
    if (quality > bestQuality) [best, bestQuality] = [offer, quality];
  }
  return { format: best.format, contentType: contentTypeOf(best), gzip: acceptsGzip(acceptEncoding) };
}

interface Offer {
  readonly format: Format;
  readonly type: string;
  readonly version: string;
}

interface Range {
  readonly value: string;
  readonly version: string | undefined;
  readonly quality: number;
}

const TEXT: Offer = { format: 'text', type: 'text/plain', version: '0.0.4' };
const OFFERS: readonly Offer[] = [
  { format: 'openmetrics', type: 'application/openmetrics-text', version: '1.0.0' },
  { format: 'openmetrics', type: 'application/openmetrics-text', version: '0.0.1' },
  TEXT,
];

function contentTypeOf({ type, version }: Offer): string {
  return `${type}; version=${version}; charset=utf-8`;
}

/** The quality of the range that speaks most precisely of an offer; 0 if none does. */
function qualityOf({ format, type, version }: Offer, ranges: readonly Range[]): number {
  const exact = ranges.filter((range) => range.value === type);
  const wild = format === 'text' ? [`${type.split('/')[0]}/*`, '*/*'] : [];
  const found =
    exact.find((range) => range.version === version) ??
    exact.find((range) => range.version === undefined) ??
    wild.map((value) => ranges.find((range) => range.value === value)).find((range) => range !== undefined);
  return found?.quality ?? 0;
}

function acceptsGzip(acceptEncoding: string): boolean {
  const codings = parseList(acceptEncoding);
  const qualityOfCoding = (name: string) => codings.find(({ value }) => value === name)?.quality;
  const gzip = qualityOfCoding('gzip') ?? qualityOfCoding('*') ?? 0;
  return gzip > 0 && gzip >= (qualityOfCoding('identity') ?? 0);
}

function parseList(header: string): Range[] {
  return header.split(',').map((item) => {
    const [value = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
    const parameter = (name: string) =>
      parameters.map((text) => /^([^=\s]+)\s*=\s*"?([^"]*)"?$/.exec(text)).find((match) => match?.[1] === name)?.[2];
    const quality = Number(parameter('q') ?? 1);
    return { value, version: parameter('version'), quality: quality >= 0 && quality <= 1 ? quality : 0 };
  });
}
