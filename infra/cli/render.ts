import { textTable } from '../text-table.ts';
import type { CliAnswer } from './send.ts';

const MAX_COLUMNS = 9;
const MAX_CELL = 48;
/** Of a table with few columns, which has room for reasons. */
const MAX_WIDE_CELL = 120;
const FEW_COLUMNS = 5;
/** What people look for first, in this order; everything else follows as the API has it. */
const FIRST = ['id', 'name', 'username', 'namespace', 'state', 'kind', 'digest'];
const LAST = ['createdAt', 'updatedAt', 'revision'];

export interface Colours {
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly dim: (text: string) => string;
}

/** ANSI colours, or none where nobody sees them. */
export function coloursOf(isTerminal: boolean): Colours {
  const colour = (code: number) => (text: string) => (isTerminal ? `\u001b[${code}m${text}\u001b[0m` : text);
  return { red: colour(31), green: colour(32), yellow: colour(33), dim: colour(2) };
}

/** An answer for people: a table of items, the fields of one resource, or the text as it is with differences in colour. */
export function render({ status, body, headers }: CliAnswer, colours: Colours): string {
  const notes = [headers.get('warning')].filter((note) => note !== null).map((note) => colours.yellow(`! ${note}`));
  return [...notes, renderBody(body, colours) ?? `done (${status})`].join('\n');
}

function renderBody(body: unknown, colours: Colours): string | undefined {
  if (body === undefined) return undefined;
  if (typeof body === 'string') return colouredDiff(body, colours);
  if (!isObject(body)) return shown(body);
  if (!Array.isArray(body.items)) return fields(body);
  const rows = body.items.filter(isObject);
  const rest = Object.fromEntries(Object.entries(body).filter(([name, value]) => name !== 'items' && value !== null));
  const footer = Object.keys(rest).length === 0 ? '' : `\n\n${fields(rest)}`;
  return `${rows.length === 0 ? colours.dim('none') : table(rows)}${footer}`;
}

function table(rows: readonly Fields[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row).filter((name) => isShort(row[name]))))];
  const ordered = [
    ...FIRST.filter((name) => names.includes(name)),
    ...names.filter((name) => !FIRST.includes(name) && !LAST.includes(name)),
  ].slice(0, MAX_COLUMNS);
  const right = ordered.filter((name) => rows.every((row) => typeof row[name] === 'number')).map(heading);
  return textTable(
    ordered.map(heading),
    rows.map((row) =>
      ordered.map((name) => cut(shown(row[name]), ordered.length <= FEW_COLUMNS ? MAX_WIDE_CELL : MAX_CELL)),
    ),
    right,
  );
}

/** `name  value`, what is nested as a table or indented below its name. */
function fields(body: Fields): string {
  const width = Math.max(...Object.keys(body).map((name) => name.length), 0);
  const lines = Object.entries(body).flatMap(([name, value]) => {
    if (Array.isArray(value) && value.length > 0 && value.every(isObject)) return [name, indented(itemsOf(value))];
    if (isObject(value) && Object.keys(value).length > 0) return [name, indented(fields(value))];
    return [`${name.padEnd(width)}  ${shown(value)}`];
  });
  return lines.join('\n');
}

/** Lines that begin with + - ~ ! are what is added, taken away, changed and to be looked at. */
export function colouredDiff(text: string, { green, red, yellow }: Colours): string {
  const colourOf = (line: string) => {
    const [sign] = line.trimStart();
    if (sign === '+') return green(line);
    if (sign === '-') return red(line);
    return sign === '~' || sign === '!' ? yellow(line) : line;
  };
  return text.split('\n').map(colourOf).join('\n').trimEnd();
}

/** What a refusal says: its title, every problem at its place, and the id to ask about. */
export function renderProblem({ status, body }: CliAnswer, { red, dim }: Colours): string {
  if (!isObject(body)) return red(`${status} ${shown(body)}`);
  const { title, detail, code, requestId, errors, message } = body;
  const head = [status, title ?? message, code === undefined ? '' : `(${code})`].filter(Boolean).join(' ');
  const problems = (Array.isArray(errors) ? errors : []).filter(isObject).map(({ pointer, message: problem }) => {
    return `${shown(pointer)}: ${shown(problem)}`;
  });
  const isRepeated = problems.length === 1 && problems[0] === detail;
  return [
    red(head),
    ...(detail === undefined || isRepeated ? [] : [`  ${shown(detail)}`]),
    ...problems.map((problem) => `  ${problem}`),
    ...(requestId === undefined ? [] : [dim(`  request ${shown(requestId)}`)]),
  ].join('\n');
}

/** A table; what says itself in words is told by them, and what holds lists of its own stands item by item. */
function itemsOf(items: readonly Fields[]): string {
  if (items.every(({ words }) => typeof words === 'string')) return items.map(({ words }) => shown(words)).join('\n');
  const isFlat = items.every((item) => Object.values(item).every(isShort));
  return isFlat ? table(items) : items.map((item) => fields(item)).join('\n\n');
}

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isShort(value: unknown): boolean {
  return !isObject(value) && !(Array.isArray(value) && value.some((item) => isObject(item)));
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'string') return value.replace(/\p{Cc}/gu, ' ');
  if (Array.isArray(value) && !value.some((item) => isObject(item))) return value.map(shown).join(', ');
  return JSON.stringify(value);
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

/** `defaultHostgroup` → `DEFAULT HOSTGROUP` */
function heading(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, '$1 $2').toUpperCase();
}

function indented(text: string): string {
  return text.replace(/^/gm, '  ');
}
