import { MONITORING_SCOPES } from '@proxywatch/core/domain/monitoring-settings/effective-monitoring';
import {
  BOUNDS,
  LIMITED_COLLECTORS,
  MAX_LIST,
  MAX_PATTERN,
  sinksOf,
} from '@proxywatch/core/domain/monitoring-settings/overrides';
import { COLLECTORS, type CollectorName, type SinkName } from '@proxywatch/core/domain/scan/collectors';
import { retentionProblem } from '@proxywatch/core/drivers/dcdb/monitoring-settings/read-retention';
import { z } from 'zod';
import { flag, instant, integer, text } from '#api/fields';

function bounded(name: keyof typeof BOUNDS) {
  const [min, max] = BOUNDS[name];
  return integer(min, max);
}

function collector(name: CollectorName) {
  const [first, ...rest] = sinksOf(name);
  const sink = z.enum([first as SinkName, ...rest]);
  return z
    .strictObject({
      enabled: flag().meta({ description: 'false: it is not run' }),
      intervalMs: bounded('intervalMs').meta({ description: 'how often it runs; shorter than a tick: at every tick' }),
      ...(LIMITED_COLLECTORS.includes(name) && {
        timeoutMs: bounded('timeoutMs').meta({ description: 'time limit of one run' }),
      }),
      routes: z
        .array(sink)
        .max(3)
        .refine((sinks) => new Set(sinks).size === sinks.length, { error: 'names a sink twice' })
        .meta({ description: 'where its records go; none: nowhere' }),
    })
    .partial();
}

function lists() {
  const patterns = z.array(text(MAX_PATTERN, { min: 1 })).max(MAX_LIST);
  return z.strictObject({ schemas: patterns, users: patterns, digests: patterns }).partial();
}

const overrides = {
  collectors: z
    .strictObject(Object.fromEntries(COLLECTORS.map((name) => [name, collector(name)])))
    .partial()
    .meta({ description: 'of the scanner, by name' }),
  digestTopN: bounded('digestTopN').meta({ description: 'named digest series of the gateway' }),
  sqlStatsTopN: bounded('sqlStatsTopN').meta({ description: 'digests with rows of their own, per interval' }),
  collectTimeoutMs: bounded('collectTimeoutMs').meta({ description: 'time limit of one collection of the gateway' }),
  slowSqlMs: bounded('slowSqlMs').meta({ description: 'executions that take longer are slow' }),
  slowTransactionMs: bounded('slowTransactionMs').meta({
    description: 'transactions that are open for longer are slow',
  }),
  textLength: bounded('textLength').meta({ description: 'characters of statements and messages in records' }),
  showLiterals: flag().meta({ description: 'whether they keep what users typed; true needs admin' }),
  include: lists().meta({ description: 'statements told one by one: all that fit each list given; `*` is any text' }),
  exclude: lists().meta({ description: 'statements not told one by one; they still count in sums' }),
};

const days = () => integer(1, 3_650);
const retention = z
  .strictObject({
    minuteDays: days().meta({ description: 'statistics as they were collected' }),
    hourDays: days().meta({ description: 'statistics by hour' }),
    dayDays: days().meta({ description: 'statistics by day' }),
    errorDays: days(),
    slowDays: days().meta({ description: 'slow SQL and slow transactions' }),
    keyLogDays: days(),
    runDays: days(),
  })
  .partial()
  .superRefine((given, ctx) => {
    const message = retentionProblem(given);
    if (message !== undefined) ctx.addIssue({ code: 'custom', message });
  });

export const proxySettings = z.strictObject(overrides).partial();
export const fleetSettings = z
  .strictObject({
    ...overrides,
    retention: retention.meta({
      description: 'days that the tables of the scanner, which all proxies share, are kept',
    }),
  })
  .partial();

export const settingsAnswer = z.strictObject({
  scope: z.enum(MONITORING_SCOPES),
  name: z.string().nullable().meta({ description: 'of the namespace, or id of the proxy; null for the fleet' }),
  settings: fleetSettings.meta({ description: 'what this scope decides; the rest is inherited' }),
  updatedBy: z.string().nullable(),
  revision: z.int().meta({ description: '0: nothing was decided here yet' }),
  createdAt: instant().nullable(),
  updatedAt: instant().nullable(),
});
export type SettingsAnswer = z.output<typeof settingsAnswer>;

export const effectiveAnswer = z.strictObject({
  proxyId: z.string(),
  namespace: z.string(),
  settings: proxySettings.meta({ description: 'what holds; what is absent is as gateway and scanner are configured' }),
  sources: z
    .record(z.string(), z.enum(MONITORING_SCOPES))
    .meta({ description: 'who decided each field, by JSON pointer' }),
});
