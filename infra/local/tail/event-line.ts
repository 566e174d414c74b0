import { shownDuration } from '../../text-table.ts';

export interface LineOptions {
  /** Cut to so many; undefined for a whole line. */
  readonly columns?: number;
  readonly isColoured?: boolean;
}

interface Cell {
  readonly text: string;
  readonly colour?: Colour;
}

type Colour = keyof typeof COLOURS;
const COLOURS = { grey: '90', red: '31', yellow: '33', cyan: '36' } as const;
/** Executions that take longer are red, milliseconds. */
const VERY_SLOW_MS = 10_000;
const WIDTHS = { proxy: 12, who: 20, duration: 8 };
/** Never less of a text than this, however narrow the terminal is. */
const MIN_TEXT = 20;

type Event = Readonly<Record<string, unknown>>;

/** An event for a person: one line. What is no event comes as it is. */
export function eventLine(value: string, options: LineOptions = {}): string {
  const event = parse(value);
  return event ? paint(cellsOf(event), options) : paint([{ text: value }], options);
}

function cellsOf(event: Event): Cell[] {
  const text = textIn(event);
  const proxy = text('proxy').padEnd(WIDTHS.proxy);
  const head = (time: string): Cell[] => [
    { text: localTime(text(time)), colour: 'grey' },
    { text: proxy, colour: 'cyan' },
  ];
  switch (text('schema')) {
    case 'proxywatch.slow-sql.v1':
      return [
        ...head('startedAt'),
        who(event),
        duration(Number(event.durationUs) / 1_000, event.isExact === true ? '' : '>'),
        { text: text('text') || text('digest') },
      ];
    case 'proxywatch.slow-transactions.v1':
      return [
        ...head('startedAt'),
        who(event),
        duration(Number(event.durationMs), ''),
        { text: text('state').padEnd('closed'.length) },
        ...(typeof event.idleMs === 'number' ? [{ text: `idle ${shownDuration(event.idleMs)}` }] : []),
        { text: text('statement') },
      ];
    case 'proxywatch.key-logs.v1':
      return [...head('happenedAt'), severity(text('severity')), { text: text('event') }, { text: text('message') }];
    default: {
      const { eventId, schema, proxy: _, namespace, observedAt, ...rest } = event;
      return [...head('observedAt'), { text: JSON.stringify(rest) }];
    }
  }
}

function who(event: Event): Cell {
  const text = textIn(event);
  return { text: `${text('user') || '?'}@${text('schemaName') || '?'}`.padEnd(WIDTHS.who) };
}

function duration(ms: number, sign: string): Cell {
  const text = `${sign}${Number.isFinite(ms) ? shownDuration(ms) : '?'}`.padStart(WIDTHS.duration);
  return { text, colour: ms >= VERY_SLOW_MS ? 'red' : 'yellow' };
}

function severity(text: string): Cell {
  const colour = text === 'error' ? 'red' : text === 'warning' ? 'yellow' : 'grey';
  return { text: text.padEnd('warning'.length), colour };
}

function paint(cells: readonly Cell[], { columns, isColoured = false }: LineOptions): string {
  let left = columns ?? Number.POSITIVE_INFINITY;
  const painted = cells.map(({ text, colour }, i) => {
    const isLast = i === cells.length - 1;
    const room = isLast ? Math.max(MIN_TEXT, left) : Number.POSITIVE_INFINITY;
    const shown = cut(printable(text), room);
    left -= shown.length + 2;
    return isColoured && colour ? `\u001b[${COLOURS[colour]}m${shown}\u001b[0m` : shown;
  });
  return painted.join('  ').trimEnd();
}

function cut(text: string, room: number): string {
  const characters = [...text];
  return characters.length <= room ? text : `${characters.slice(0, room - 1).join('')}…`;
}

/** Statements hold what users send: it must not reach the terminal as commands. Line breaks become blanks. */
function printable(text: string): string {
  return text.replace(/[\r\n\t]+/g, ' ').replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, '·');
}

function localTime(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return '??:??:??.???';
  const clock = [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => `${part}`.padStart(2, '0')).join(':');
  return `${clock}.${`${at.getMilliseconds()}`.padStart(3, '0')}`;
}

function textIn(event: Event): (name: string) => string {
  return (name) => {
    const value = event[name];
    return typeof value === 'string' ? value : '';
  };
}

function parse(value: string): Event | undefined {
  try {
    const event: unknown = JSON.parse(value);
    return typeof event === 'object' && event !== null ? { ...event } : undefined;
  } catch {
    return undefined;
  }
}
