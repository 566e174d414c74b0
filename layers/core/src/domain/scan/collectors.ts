/** What the scanner collects of a proxy; each has its own interval, its own source and its own routes. */
export const COLLECTORS = ['status', 'sqlStats', 'sqlErrors', 'slowSql', 'slowTransactions', 'keyLogs'] as const;
export type CollectorName = (typeof COLLECTORS)[number];

export const SINKS = ['redis', 'dcdb', 'kafka'] as const;
export type SinkName = (typeof SINKS)[number];

/** Where the records of each collector go, unless the configuration says otherwise. */
export const DEFAULT_ROUTES: Readonly<Record<CollectorName, readonly SinkName[]>> = {
  status: ['redis'],
  sqlStats: ['dcdb'],
  sqlErrors: ['dcdb'],
  slowSql: ['kafka', 'dcdb'],
  slowTransactions: ['kafka', 'dcdb'],
  keyLogs: ['kafka', 'dcdb'],
};
