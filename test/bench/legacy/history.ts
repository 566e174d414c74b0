/** What the original design keeps of a digest row: the counters as they were read last, and as they are exposed. */
interface Remembered {
  readonly hostgroup: string;
  readonly schemaname: string;
  readonly username: string;
  readonly digest: string;
  readonly raw: Counters;
  readonly total: Counters;
}

type Counters = Readonly<Record<(typeof COUNTERS)[number], number>>;

/** By key. */
export type History = Readonly<Record<string, Remembered>>;

/** A row as the probe passes it on: all columns, all of them text. */
export type DigestRow = Readonly<Record<string, string>>;

const COUNTERS = ['count_star', 'sum_time', 'sum_rows_sent', 'sum_rows_affected'] as const;
const FAMILIES = {
  dbproxy_sql_executions_total: 'count_star',
  dbproxy_sql_duration_seconds_total: 'sum_time',
  dbproxy_sql_rows_sent_total: 'sum_rows_sent',
  dbproxy_sql_rows_affected_total: 'sum_rows_affected',
} as const;

/** Adds to each exposed counter what its row gained, or all of it if the row began again. */
export function correct(history: History, rows: readonly DigestRow[]): History {
  const corrected: Record<string, Remembered> = { ...history };
  for (const row of rows) {
    const { hostgroup = '', schemaname = '', username = '', client_address = '', digest = '' } = row;
    const key = `${hostgroup}|${schemaname}|${username}|${client_address}|${digest}`;
    const known = corrected[key];
    const raw = countersOf((column) => Number(row[column]));
    const base =
      known !== undefined && COUNTERS.every((column) => raw[column] >= known.raw[column]) ? known.raw : ZEROS;
    const total = countersOf((column) => (known?.total[column] ?? 0) + raw[column] - base[column]);
    corrected[key] = { hostgroup, schemaname, username, digest, raw, total };
  }
  return corrected;
}

/** The text of all series of a proxy. */
export function render(proxy: string, history: History): string {
  let text = '';
  for (const [name, column] of Object.entries(FAMILIES)) {
    const unit = column === 'sum_time' ? 1e-6 : 1;
    for (const { hostgroup, schemaname, username, digest, total } of Object.values(history)) {
      const labels = `proxy="${proxy}",namespace="bench",hostgroup="${hostgroup}",schema="${schemaname}",user="${username}",digest="${digest}"`;
      text += `${name}{${labels}} ${total[column] * unit}\n`;
    }
  }
  return text;
}

function countersOf(value: (column: (typeof COUNTERS)[number]) => number): Counters {
  const [count_star, sum_time, sum_rows_sent, sum_rows_affected] = COUNTERS.map(value);
  return {
    count_star: count_star ?? 0,
    sum_time: sum_time ?? 0,
    sum_rows_sent: sum_rows_sent ?? 0,
    sum_rows_affected: sum_rows_affected ?? 0,
  };
}

const ZEROS = countersOf(() => 0);
