import type { CollectorReport, Problem, ProxyReport } from '../../../functions/scanner/collect/collect.ts';
import { textTable } from '../../text-table.ts';

/** For outcomes that are no problem, and still not what was asked for. */
const HINTS: { readonly [outcome in ProxyReport['outcome']]?: string } = {
  busy: 'another run, as of the scheduler, has the proxy: try again in a moment',
  unfinished: 'the time was over: the next run takes it up',
};

/** What a round found, as text for people. */
export function renderReports(reports: readonly ProxyReport[]): string {
  if (reports.length === 0) return 'there is no proxy to collect from';
  const headings = ['PROXY', 'OUTCOME', 'COLLECTOR', 'RECORDS', 'PROBLEM'];
  return `${textTable(headings, reports.flatMap(rowsOf), ['RECORDS'])}\n\n${summaryOf(reports)}`;
}

/** Whether everything was collected, and is where it belongs. */
export function isAllWell(reports: readonly ProxyReport[]): boolean {
  return reports.every(
    ({ outcome, collectors, pending, refused }) =>
      outcome === 'collected' && pending + refused === 0 && collectors.every(({ problem }) => problem === undefined),
  );
}

/** `collected 24, busy 1` */
export function outcomesOf(outcomes: readonly string[]): string {
  return [...Map.groupBy(outcomes, (outcome) => outcome)].map(([name, all]) => `${name} ${all.length}`).join(', ');
}

/** A line for each collector; the proxy stands in the first of them. */
function rowsOf({ proxy, outcome, problem, collectors }: ProxyReport): string[][] {
  const [first, ...more] = collectors;
  const head = [proxy, outcome];
  if (first === undefined) return [[...head, '', '', shown(problem) || (HINTS[outcome] ?? '')]];
  const whole = problem === undefined ? [] : [[...head, '', '', shown(problem)]];
  const begin = whole.length === 0 ? head : ['', ''];
  return [...whole, [...begin, ...cellsOf(first)], ...more.map((one) => ['', '', ...cellsOf(one)])];
}

function cellsOf({ name, records, problem }: CollectorReport): string[] {
  return [name, String(records), shown(problem)];
}

function shown(problem: Problem | undefined): string {
  return problem === undefined ? '' : `${problem.code}: ${problem.message}`;
}

function summaryOf(reports: readonly ProxyReport[]): string {
  const sum = (pick: (report: ProxyReport) => number) => reports.reduce((total, report) => total + pick(report), 0);
  const records = sum(({ collectors }) => collectors.reduce((total, one) => total + one.records, 0));
  const [delivered, pending, refused] = [
    sum((report) => report.delivered),
    sum((report) => report.pending),
    sum((report) => report.refused),
  ];
  const outcomes = outcomesOf(reports.map(({ outcome }) => outcome));
  return `${outcomes}; ${records} records; batches: ${delivered} delivered, ${pending} pending, ${refused} refused`;
}
