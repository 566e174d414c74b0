/** How finely statistics are kept: as they were collected, and summed up by hour and by day (UTC). */
export const STATS_LEVELS = ['interval', 'hour', 'day'] as const;
export type StatsLevel = (typeof STATS_LEVELS)[number];

/** After `fromMs`, up to and with `toMs`; epoch milliseconds. An interval counts where it ends. */
export interface StatsSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What is to be read of one level: added up, or taken off again. */
export interface StatsPart extends StatsSpan {
  readonly level: StatsLevel;
  readonly sign: 1 | -1;
}

/** What there is to read, as of one moment. */
export interface StatsStock {
  /** By level: rows up to then are gone. */
  readonly floors: Readonly<Record<StatsLevel, number>>;
  /** Ends of hours and days that finer rows were written into since they were summed up. */
  readonly dirtyHours: ReadonlySet<number>;
  readonly dirtyDays: ReadonlySet<number>;
}

export interface StatsPlan {
  /** What the answer is about: as asked, or more where a border lies within an hour or day that is kept as a whole only. */
  readonly span: StatsSpan;
  /** The coarser of the two borders' resolutions. */
  readonly resolution: StatsLevel;
  /** Nothing of what was asked for lies before all that is kept. */
  readonly isWhole: boolean;
  /** Summed up with their signs, their rows are those of the span: each interval once. */
  readonly parts: readonly StatsPart[];
}

export interface PlanOptions {
  /** Nothing coarser is read. @default day */
  readonly coarsest?: StatsLevel;
  /** Whether the rest of an hour may be had by taking the beginning off the whole. @default true */
  readonly mayTakeOff?: boolean;
}

const HOUR_MS = 3_600_000;
export const UNIT_MS = { interval: 60_000, hour: HOUR_MS, day: 24 * HOUR_MS } as const;
const FINER = { hour: 'interval', day: 'hour' } as const;

/**
 * What to read for a span: whole days by day, the hours at both ends by hour, and what remains as it was collected. So the
 * cost is that of the span, whatever is stored around it. Hours and days that are not summed up yet are read finer. Where
 * only a little is left out of an hour or day, that is taken off the whole.
 */
export function planStats(asked: StatsSpan, stock: StatsStock, options: PlanOptions = {}): StatsPlan {
  const { coarsest = 'day' } = options;
  const fromMs = Math.max(asked.fromMs, stock.floors.day);
  const isWhole = asked.fromMs >= stock.floors.day;
  if (fromMs >= asked.toMs) {
    return { span: { fromMs: asked.toMs, toMs: asked.toMs }, resolution: 'interval', isWhole, parts: [] };
  }
  const begin = keptBorder(fromMs, 'begin', stock);
  const end = keptBorder(asked.toMs, 'end', stock);
  const span = { fromMs: begin.atMs, toMs: end.atMs };
  return {
    span,
    resolution: STATS_LEVELS.indexOf(begin.level) > STATS_LEVELS.indexOf(end.level) ? begin.level : end.level,
    isWhole,
    parts: merged(partsOf(coarsest, span, stock, options)),
  };
}

/** The border as it is, or moved outward to the end of an hour or day of which nothing finer is kept. */
function keptBorder(atMs: number, side: 'begin' | 'end', stock: StatsStock): { atMs: number; level: StatsLevel } {
  let border = { atMs, level: 'interval' as StatsLevel };
  for (const level of ['hour', 'day'] as const) {
    const ms = UNIT_MS[level];
    const endMs = Math.ceil(border.atMs / ms) * ms;
    const isWithin = endMs !== border.atMs;
    const isKept = endMs - ms >= stock.floors[FINER[level]] || isDirty(level, endMs, stock);
    if (isWithin && !isKept) border = { atMs: side === 'begin' ? endMs - ms : endMs, level };
  }
  return border;
}

function partsOf(level: StatsLevel, span: StatsSpan, stock: StatsStock, options: PlanOptions): StatsPart[] {
  if (span.fromMs >= span.toMs) return [];
  if (level === 'interval') return [{ ...span, level, sign: 1 }];
  const { mayTakeOff = true } = options;
  const ms = UNIT_MS[level];
  const finer = FINER[level];
  const parts: StatsPart[] = [];
  for (let endMs = (Math.floor(span.fromMs / ms) + 1) * ms; endMs - ms < span.toMs; endMs += ms) {
    const unit = { fromMs: endMs - ms, toMs: endMs };
    const wanted = { fromMs: Math.max(unit.fromMs, span.fromMs), toMs: Math.min(unit.toMs, span.toMs) };
    const rest = [
      { fromMs: unit.fromMs, toMs: wanted.fromMs },
      { fromMs: wanted.toMs, toMs: unit.toMs },
    ];
    const whole: StatsPart = { ...unit, level, sign: 1 };
    const isWhole = rest.every(({ fromMs, toMs }) => fromMs === toMs);
    if (isDirty(level, endMs, stock) || (!isWhole && !(mayTakeOff && isLess(rest, wanted, finer)))) {
      parts.push(...partsOf(finer, wanted, stock, options));
    } else {
      const takenOff = rest.flatMap((one) => partsOf(finer, one, stock, options));
      parts.push(whole, ...takenOff.map((part) => ({ ...part, sign: -part.sign as 1 | -1 })));
    }
  }
  return parts;
}

/** Whether the rest and the whole have fewer rows than what is wanted. */
function isLess(rest: readonly StatsSpan[], wanted: StatsSpan, level: StatsLevel): boolean {
  const rowsOf = ({ fromMs, toMs }: StatsSpan) => (toMs - fromMs) / UNIT_MS[level];
  return 1 + rest.reduce((sum, one) => sum + rowsOf(one), 0) < rowsOf(wanted);
}

/** Of a day also when an hour of it is. */
function isDirty(level: 'hour' | 'day', endMs: number, { dirtyHours, dirtyDays }: StatsStock): boolean {
  if (level === 'hour') return dirtyHours.has(endMs);
  if (dirtyDays.has(endMs)) return true;
  for (let hourMs = endMs - UNIT_MS.day + HOUR_MS; hourMs <= endMs; hourMs += HOUR_MS) {
    if (dirtyHours.has(hourMs)) return true;
  }
  return false;
}

/** Parts that follow each other as one. */
function merged(parts: readonly StatsPart[]): StatsPart[] {
  const out: StatsPart[] = [];
  for (const part of parts) {
    const at = out.findLastIndex(({ level, sign }) => level === part.level && sign === part.sign);
    const before = out[at];
    if (before?.toMs === part.fromMs) out[at] = { ...before, toMs: part.toMs };
    else out.push(part);
  }
  return out;
}
