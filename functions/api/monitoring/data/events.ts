import { z } from 'zod';
import { instant } from '#api/fields';
import { eventList, matches, nullableText, numberOf, wordOf } from './event-list.ts';
import { count } from './stats-answer.ts';

const DAY_MS = 86_400_000;
const nullableCount = () => count().nullable();

const ERROR_SOURCES = ['backend', 'detailLost', 'frontend'] as const;

export const listErrors = eventList({
  table: 'sql_errors',
  path: '/v1/monitoring/errors',
  operationId: 'listErrors',
  summary: 'Errors that came up between two reads, newest first',
  usualMs: DAY_MS,
  fields: {
    source: wordOf('source', ERROR_SOURCES),
    errno: numberOf('errno'),
    hostgroup: matches('hostgroup'),
    server: matches('server'),
    user: matches('user_name'),
    schema: matches('schema_name'),
    clientAddress: matches('client_address'),
    lastError: matches('last_error'),
  },
  columns: [
    'from_at',
    'source',
    'errno',
    'error_count',
    'hostgroup',
    'server',
    'user_name',
    'schema_name',
    'client_address',
    'last_error',
  ],
  item: {
    from: instant().meta({ description: 'begin of the interval' }),
    to: instant().meta({ description: 'end of the interval' }),
    source: z.enum(ERROR_SOURCES),
    errno: z.int(),
    count: count(),
    hostgroup: nullableText(),
    server: nullableText(),
    user: nullableText(),
    schema: nullableText(),
    clientAddress: nullableText(),
    lastError: nullableText(),
  },
  itemOf: (row) => ({
    from: row.time('from_at'),
    to: row.time('to_at'),
    source: row.text('source'),
    errno: row.number('errno'),
    count: row.count('error_count'),
    hostgroup: row.textOrNull('hostgroup'),
    server: row.textOrNull('server'),
    user: row.textOrNull('user_name'),
    schema: row.textOrNull('schema_name'),
    clientAddress: row.textOrNull('client_address'),
    lastError: row.textOrNull('last_error'),
  }),
});

const SLOW_SOURCES = ['event', 'inferred', 'seen'] as const;

export const listSlowSql = eventList({
  table: 'slow_sql',
  path: '/v1/monitoring/slow-sql',
  operationId: 'listSlowSql',
  summary: 'Statements that took long, newest first',
  usualMs: DAY_MS,
  fields: {
    source: wordOf('source', SLOW_SOURCES),
    durationUs: numberOf('duration_us'),
    digest: matches('digest'),
    text: matches('text'),
    hostgroup: matches('hostgroup'),
    schema: matches('schema_name'),
    user: matches('user_name'),
    server: matches('server'),
    clientAddress: matches('client_address'),
    errno: numberOf('errno'),
  },
  columns: [
    ...['source', 'duration_us', 'is_exact', 'digest', 'text', 'hostgroup', 'schema_name', 'user_name', 'server'],
    ...['client_address', 'rows_sent', 'rows_affected', 'errno'],
  ],
  item: {
    startedAt: instant(),
    source: z.enum(SLOW_SOURCES),
    durationUs: count(),
    isExact: z.boolean().meta({ description: 'false: it took at least so long' }),
    digest: nullableText(),
    text: nullableText(),
    hostgroup: nullableText(),
    schema: nullableText(),
    user: nullableText(),
    server: nullableText(),
    clientAddress: nullableText(),
    rowsSent: nullableCount(),
    rowsAffected: nullableCount(),
    errno: nullableCount(),
  },
  itemOf: (row) => ({
    startedAt: row.time('started_at'),
    source: row.text('source'),
    durationUs: row.count('duration_us'),
    isExact: row.flag('is_exact'),
    digest: row.textOrNull('digest'),
    text: row.textOrNull('text'),
    hostgroup: row.textOrNull('hostgroup'),
    schema: row.textOrNull('schema_name'),
    user: row.textOrNull('user_name'),
    server: row.textOrNull('server'),
    clientAddress: row.textOrNull('client_address'),
    rowsSent: row.countOrNull('rows_sent'),
    rowsAffected: row.countOrNull('rows_affected'),
    errno: row.countOrNull('errno'),
  }),
});

const TRANSACTION_STATES = ['open', 'closed'] as const;

export const listSlowTransactions = eventList({
  table: 'slow_transactions',
  path: '/v1/monitoring/slow-transactions',
  operationId: 'listSlowTransactions',
  summary: 'Transactions that were open for long, the newest version of each, newest first',
  usualMs: DAY_MS,
  fields: {
    state: wordOf('state', TRANSACTION_STATES),
    durationMs: numberOf('duration_ms'),
    user: matches('user_name'),
    schema: matches('schema_name'),
    hostgroup: matches('hostgroup'),
    server: matches('server'),
    clientAddress: matches('client_address'),
    statement: matches('statement'),
  },
  columns: [
    ...['version', 'state', 'duration_ms', 'session_id', 'user_name', 'schema_name', 'hostgroup', 'server'],
    ...['client_address', 'statement', 'idle_ms'],
  ],
  item: {
    startedAt: instant(),
    version: z.int(),
    state: z.enum(TRANSACTION_STATES),
    durationMs: count(),
    sessionId: z.string(),
    user: z.string(),
    schema: z.string(),
    hostgroup: z.string(),
    server: nullableText(),
    clientAddress: nullableText(),
    statement: nullableText(),
    idleMs: nullableCount(),
  },
  itemOf: (row) => ({
    startedAt: row.time('started_at'),
    version: row.number('version'),
    state: row.text('state'),
    durationMs: row.count('duration_ms'),
    sessionId: row.text('session_id'),
    user: row.text('user_name'),
    schema: row.text('schema_name'),
    hostgroup: row.text('hostgroup'),
    server: row.textOrNull('server'),
    clientAddress: row.textOrNull('client_address'),
    statement: row.textOrNull('statement'),
    idleMs: row.countOrNull('idle_ms'),
  }),
});

const KEY_EVENTS = [
  ...(['restart', 'statistics-reset', 'server-status', 'configuration-changed'] as const),
  ...(['message', 'events-lost', 'drift-begin', 'drift-end'] as const),
] as const;
const SEVERITIES = ['info', 'warning', 'error'] as const;

export const listKeyLogs = eventList({
  table: 'key_logs',
  path: '/v1/monitoring/key-logs',
  operationId: 'listKeyLogs',
  summary: 'What happened to proxies, newest first',
  usualMs: 7 * DAY_MS,
  fields: {
    event: wordOf('event', KEY_EVENTS),
    severity: wordOf('severity', SEVERITIES),
    message: matches('message'),
  },
  columns: ['event', 'severity', 'message', 'detail'],
  item: {
    happenedAt: instant(),
    event: z.string(),
    severity: z.string(),
    message: z.string(),
    detail: z.record(z.string(), z.unknown()),
  },
  itemOf: (row) => ({
    happenedAt: row.time('happened_at'),
    event: row.text('event'),
    severity: row.text('severity'),
    message: row.text('message'),
    detail: row.json('detail'),
  }),
});
