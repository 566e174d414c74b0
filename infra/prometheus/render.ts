import { readFileSync } from 'node:fs';

const TEMPLATE = new URL('prometheus.yml', import.meta.url);

export interface PrometheusSettings {
  /** How often each target is scraped, e.g. `5s` locally and `15s` in production. */
  readonly scrapeInterval: string;
  /** At most the interval; the gateway answers within it, less a margin. */
  readonly scrapeTimeout: string;
  /**
   * `/sd` of one or more gateways. Each answers for the whole fleet; the same target found twice is scraped once. The
   * gateways themselves are found at `/sd/gateways` of the same ones.
   */
  readonly discoveryUrls: readonly string[];
  /** How often the targets are asked for, default the scrape interval: a proxy that moved is found within one scrape. */
  readonly discoveryInterval?: string;
  /** Rules that this server evaluates itself, relative to its configuration. @default - none, as an agent wants it */
  readonly ruleFiles?: readonly string[];
  /** Labels added to everything that leaves this server. @default - none */
  readonly externalLabels?: Readonly<Record<string, string>>;
  /** Amazon Managed Service for Prometheus, to which all samples go. @default - samples stay in this server */
  readonly remoteWrite?: { readonly url: string; readonly region: string };
}

/**
 * At most 50 × (5,000 + 1,000) samples wait in memory, all others in the write-ahead log. Requests stay far below the megabyte
 * that the service takes. By default samples that it refuses for their rate would be thrown away: they are sent again.
 */
const REMOTE_WRITE_QUEUE = {
  capacity: 5_000,
  max_shards: 50,
  max_samples_per_send: 1_000,
  batch_send_deadline: '5s',
  min_backoff: '30ms',
  max_backoff: '5s',
  retry_on_http_429: true,
} as const;

/** Alerts and recording rules, the same for every Prometheus that evaluates them. */
export function prometheusRules(): string {
  return readFileSync(new URL('rules.yml', import.meta.url), 'utf8');
}

/** The configuration file with its placeholders filled in. */
export function renderPrometheusConfig(settings: PrometheusSettings): string {
  const { remoteWrite, discoveryInterval = settings.scrapeInterval } = settings;
  const discovery = (suffix: string) =>
    settings.discoveryUrls.map((url) => ({ url: `${url}${suffix}`, refresh_interval: discoveryInterval }));
  return fillIn(readFileSync(TEMPLATE, 'utf8'), {
    SCRAPE_INTERVAL: settings.scrapeInterval,
    SCRAPE_TIMEOUT: settings.scrapeTimeout,
    RULE_FILES: settings.ruleFiles ?? [],
    EXTERNAL_LABELS: settings.externalLabels ?? {},
    PROXY_DISCOVERY: discovery(''),
    GATEWAY_DISCOVERY: discovery('/gateways'),
    REMOTE_WRITE:
      remoteWrite === undefined
        ? []
        : [{ url: remoteWrite.url, sigv4: { region: remoteWrite.region }, queue_config: REMOTE_WRITE_QUEUE }],
  });
}

/** Replaces each `${NAME}` outside comments by its value as JSON. Throws RangeError for a name without a value. */
function fillIn(template: string, values: Readonly<Record<string, unknown>>): string {
  return template.replace(/^(?!\s*#).*$/gm, (line) =>
    line.replace(/\$\{(\w+)\}/g, (_, name: string) => {
      if (!Object.hasOwn(values, name)) throw new RangeError(`prometheus.yml asks for ${name}, which has no value`);
      return JSON.stringify(values[name]);
    }),
  );
}
