/** A candidate takes the place of a named series only when it took this many times the time: rank alone flaps. */
const HYSTERESIS = 2;
/** Share of the named series that may change at once, so that no read turns the exposition over. */
const MAX_TURNOVER = 0.1;
/** Share of a half-life between two rankings: scores move slowly, and sorting them costs more than a read. */
const PLAN_INTERVAL = 0.1;
/** Candidates remembered for each named series. */
const CANDIDATES_PER_NAMED = 4;
const MIN_CANDIDATES = 64;
/** Beyond 2^this the weights are scaled down, long before they leave the range of a number. */
const MAX_EXPONENT = 500;

export interface Turnover {
  readonly leavers: readonly string[];
  readonly entrants: readonly string[];
}

const NONE: Turnover = { leavers: [], entrants: [] };

/**
 * Which series took most time lately: scores that lose half their weight in each half-life, for all named series and for
 * a bounded number of others. Later time weighs more instead of older time less, so that only what changed is touched.
 */
export class TopSeries {
  readonly #halfLifeS: number;
  readonly #scores = new Map<string, number>();
  #originS: number | undefined;
  #sinceS: number | undefined;
  #plannedS = Number.NEGATIVE_INFINITY;

  constructor(halfLifeS: number) {
    this.#halfLifeS = halfLifeS;
  }

  /** Series that have a score. */
  get size(): number {
    return this.#scores.size;
  }

  /** Adds time that a series took, at a steady clock's `atS`. */
  note(key: string, timeUs: number, atS: number): void {
    this.#sinceS ??= atS;
    const weight = this.#weightAt(atS);
    this.#scores.set(key, (this.#scores.get(key) ?? 0) + timeUs * weight);
  }

  /**
   * Who should leave and enter so that the heaviest are named: the surplus above `topN` at once, others only when the
   * scores have been gathered for a half-life, and few at a time.
   */
  plan(named: ReadonlySet<string>, topN: number, atS: number): Turnover {
    const surplus = Math.max(0, named.size - topN);
    if (surplus === 0 && !this.#isDue(named, topN, atS)) return NONE;
    this.#plannedS = atS;
    const scoreOf = (key: string) => this.#scores.get(key) ?? 0;
    const lightest = [...named].sort((a, b) => scoreOf(a) - scoreOf(b));
    const leavers = lightest.slice(0, surplus);
    const entrants: string[] = [];
    const candidates = [...this.#scores.keys()]
      .filter((key) => !named.has(key))
      .sort((a, b) => scoreOf(b) - scoreOf(a));
    for (const candidate of candidates.slice(0, Math.max(1, Math.floor(topN * MAX_TURNOVER)))) {
      const leaver = lightest[leavers.length];
      if (leaver === undefined || scoreOf(candidate) <= HYSTERESIS * scoreOf(leaver)) break;
      leavers.push(leaver);
      entrants.push(candidate);
    }
    return { leavers, entrants };
  }

  #isDue(named: ReadonlySet<string>, topN: number, atS: number): boolean {
    this.#prune(named);
    const isGathered = this.#sinceS !== undefined && atS - this.#sinceS >= this.#halfLifeS;
    const isRested = atS - this.#plannedS >= PLAN_INTERVAL * this.#halfLifeS;
    return named.size === topN && isGathered && isRested && this.#scores.size > 0;
  }

  #weightAt(atS: number): number {
    this.#originS ??= atS;
    const exponent = (atS - this.#originS) / this.#halfLifeS;
    if (exponent < MAX_EXPONENT) return 2 ** exponent;
    for (const [key, score] of this.#scores) this.#scores.set(key, score / 2 ** exponent);
    this.#originS = atS;
    return 1;
  }

  /** Forgets the lightest candidates once there are too many: half of them, so that it is seldom. */
  #prune(named: ReadonlySet<string>): void {
    const limit = Math.max(MIN_CANDIDATES, CANDIDATES_PER_NAMED * named.size);
    if (this.#scores.size <= named.size + limit) return;
    const candidates = [...this.#scores].filter(([key]) => !named.has(key)).sort((a, b) => a[1] - b[1]);
    for (const [key] of candidates.slice(0, candidates.length - limit / 2)) this.#scores.delete(key);
  }
}
