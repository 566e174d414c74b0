import { Agent, get, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

const TIMEOUT_MS = 60_000;
const agent = new Agent({ keepAlive: true });

/** As Prometheus 2.42 asks. */
const HEADERS = {
  Accept:
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
  'Accept-Encoding': 'gzip',
  'User-Agent': 'Prometheus/2.42.0',
  'X-Prometheus-Scrape-Timeout-Seconds': String(TIMEOUT_MS / 1_000),
};

/** Scrapes a target as Prometheus does and gives the bytes as they came. */
export async function scrape(url: string): Promise<Scraped> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { agent, headers: HEADERS, signal }, resolve).once('error', reject);
  });
  const body = await buffer(response);
  if (response.statusCode !== 200)
    throw new Error(`${url} answered ${response.statusCode}: ${body.toString('utf8', 0, 200)}`);
  return { body, text: () => (response.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString() };
}

export interface Scraped {
  readonly body: Buffer;
  text(): string;
}

/** Names and values of the samples of an exposition; `_created` lines are no series. */
export function samplesOf(exposition: string): { readonly name: string; readonly line: string }[] {
  return exposition
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ name: /^[^{ ]+/.exec(line)?.[0] ?? '', line }))
    .filter(({ name }) => !name.endsWith('_created'));
}

/** The value of the one series of that name. */
export function sampleValue(exposition: string, name: string): number {
  const [sample, another] = samplesOf(exposition).filter((candidate) => candidate.name === name);
  if (sample === undefined || another !== undefined) throw new Error(`not exactly one series ${name}`);
  return Number(sample.line.slice(sample.line.lastIndexOf(' ')));
}
