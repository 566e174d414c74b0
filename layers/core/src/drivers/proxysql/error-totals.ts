import type { ErrorTotals } from '../../domain/processlist.ts';
import { countOf, malformed, type Query, type Row } from './cells.ts';
import { type CounterSample, countersOf } from './exposition-counters.ts';
import { NOW, UPTIME } from './statements.ts';

/** Answers one row of one column, the text; NULL while the proxy's threads do not run. For every credential (source). */
export const METRICS = 'SHOW PROMETHEUS METRICS';

const ACCESS_DENIED = `SELECT ${NOW},(${UPTIME}),variable_value FROM stats_mysql_global WHERE variable_name='Access_Denied_Wrong_Password'`;

const FAMILIES = ['mysql_error_total', 'proxysql_mysql_error_total'] as const;

type ServerErrors = ErrorTotals['byServer'][number];

/** The metrics walk locked tables of the proxy: whoever calls this does so at most once a minute. */
export async function fetchErrorTotals(query: Query): Promise<ErrorTotals> {
  const byServer = parseErrorMetrics(await query(METRICS));
  const [row] = await query(ACCESS_DENIED);
  if (row === undefined) throw malformed('no Access_Denied_Wrong_Password in the global status');
  return {
    proxyNowS: countOf(row, 0, 'now'),
    uptimeS: countOf(row, 1, 'ProxySQL_Uptime'),
    byServer,
    accessDenied: countOf(row, 2, 'Access_Denied_Wrong_Password'),
  };
}

/** Errors of the back ends and of the proxy's own client, added up by hostgroup, server and errno. */
export function parseErrorMetrics(answer: readonly Row[]): readonly ServerErrors[] {
  const [row] = answer;
  if (row === undefined || answer.length !== 1) throw malformed(`${answer.length} rows of metrics instead of one`);
  const text = row[0]?.toString('utf8') ?? '';
  const totals = new Map<string, ServerErrors>();
  for (const sample of FAMILIES.flatMap((family) => countersOf(text, family))) {
    const { hostgroup, server, errno, count } = errorsOf(sample);
    const key = JSON.stringify([hostgroup, server, errno]);
    totals.set(key, { hostgroup, server, errno, count: count + (totals.get(key)?.count ?? 0) });
  }
  return [...totals.values()];
}

function errorsOf({ labels, value }: CounterSample): ServerErrors {
  const { address, code, hostgroup, port } = labels;
  if (address === undefined || hostgroup === undefined || port === undefined || !/^\d{1,9}$/.test(code ?? '')) {
    throw malformed(`labels of an error ${JSON.stringify(labels).slice(0, 200)}`);
  }
  return { hostgroup, server: port === '0' ? address : `${address}:${port}`, errno: Number(code), count: value };
}
