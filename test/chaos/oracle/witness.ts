import { areEqual, COLUMNS, sumOf, ZERO } from '@proxywatch/core/domain/digests/counters';
import type { DigestCounters } from '@proxywatch/core/domain/digests/digest-read';
import type { SqlAnswer } from './sql-answer.ts';

/** A request for one proxy's statistics that was sent to a gateway. */
export interface Question {
  readonly proxyId: string;
  readonly gateway: string;
  readonly askedMs: number;
}

interface Answered extends Question {
  readonly answer: SqlAnswer;
  readonly answeredMs: number;
}

interface Shown {
  totals: DigestCounters;
  readonly series: Map<string, DigestCounters>;
  /** Answers that a question still open might have been answered before. */
  recent: Answered[];
  readonly open: Set<Question>;
}

export interface WitnessOptions {
  /** Everything that a proxy ever executed, as of now. */
  readonly truthOf: (proxyId: string) => DigestCounters;
  readonly violate: (kind: string, what: string) => void;
}

/**
 * Sees every answer that any gateway gave to anybody, and holds them to what is promised to each pair of scrapes, whoever
 * they are from: what was shown once is never undercut by a scrape that began later, nothing is shown that did not
 * run, and the digest series sum to the total.
 */
export class Witness {
  readonly #proxies = new Map<string, Shown>();
  readonly #options: WitnessOptions;
  answers = 0;

  constructor(options: WitnessOptions) {
    this.#options = options;
  }

  /** The highest totals that anybody saw. */
  shown(proxyId: string): DigestCounters {
    const { totals, recent } = this.#of(proxyId);
    return recent.reduce((highest, { answer }) => highestOf(highest, answer.totals), totals);
  }

  /** The highest values of all series that anybody saw, by label set. */
  series(proxyId: string): ReadonlyMap<string, DigestCounters> {
    const { series, recent } = this.#of(proxyId);
    const highest = new Map(series);
    for (const { answer } of recent) {
      for (const [labels, value] of answer.series) {
        highest.set(labels, highestOf(highest.get(labels) ?? ZERO, value));
      }
    }
    return highest;
  }

  ask(proxyId: string, gateway: string): Question {
    const question = { proxyId, gateway, askedMs: performance.now() };
    this.#of(proxyId).open.add(question);
    return question;
  }

  /** To be called for each question; without an answer for one that was not answered, or not with statistics. */
  hear(question: Question, answer: SqlAnswer | undefined): void {
    const shown = this.#of(question.proxyId);
    shown.open.delete(question);
    if (answer) {
      this.answers++;
      this.#judge(shown, { ...question, answer, answeredMs: performance.now() });
    }
    this.#settle(shown);
  }

  #judge(shown: Shown, answered: Answered): void {
    const { proxyId, gateway, answer } = answered;
    const earlier = shown.recent.filter(({ answeredMs }) => answeredMs <= answered.askedMs);
    const say = (labels: string, before: DigestCounters, after: DigestCounters) => {
      const fallen = COLUMNS.filter((column) => after[column] < before[column]);
      for (const column of fallen) {
        const what = `${column} of ${proxyId} ${labels} at ${gateway}: ${before[column]} → ${after[column]}`;
        this.#options.violate(`fell ${proxyId}`, what);
      }
    };
    const totalsBefore = earlier.reduce((highest, other) => highestOf(highest, other.answer.totals), shown.totals);
    say('all', totalsBefore, answer.totals);
    for (const [labels, after] of answer.series) {
      const before = earlier.reduce(
        (highest, other) => highestOf(highest, other.answer.series.get(labels) ?? ZERO),
        shown.series.get(labels) ?? ZERO,
      );
      say(labels, before, after);
    }
    this.#judgeExcess(answered);
    shown.recent.push(answered);
    this.#judgeSum(answered);
  }

  #judgeExcess({ proxyId, gateway, answer }: Answered): void {
    const truth = this.#options.truthOf(proxyId);
    for (const column of COLUMNS) {
      if (answer.totals[column] <= truth[column]) continue;
      const what = `${column} of ${proxyId} at ${gateway}: ${answer.totals[column]} shown, ${truth[column]} ran`;
      this.#options.violate(`excess ${proxyId}`, what);
    }
  }

  /** Series that are not shown any more keep their share of the total: what they showed last. */
  #judgeSum({ proxyId, gateway, answer }: Answered): void {
    // Another answer knows more than this one: then its series are not what this one would have shown.
    if (!areEqual(this.shown(proxyId), answer.totals)) return;
    const sum = [...this.series(proxyId).values()].reduce(sumOf, ZERO);
    if (areEqual(sum, answer.totals)) return;
    const what = `${proxyId} at ${gateway}: series ${JSON.stringify(sum)}, total ${JSON.stringify(answer.totals)}`;
    this.#options.violate(`sum ${proxyId}`, what);
  }

  #settle(shown: Shown): void {
    const oldestMs = Math.min(...[...shown.open].map(({ askedMs }) => askedMs));
    const settled = shown.recent.filter(({ answeredMs }) => answeredMs <= oldestMs);
    shown.recent = shown.recent.filter(({ answeredMs }) => answeredMs > oldestMs);
    for (const { answer } of settled) {
      shown.totals = highestOf(shown.totals, answer.totals);
      for (const [labels, value] of answer.series) {
        shown.series.set(labels, highestOf(shown.series.get(labels) ?? ZERO, value));
      }
    }
  }

  #of(proxyId: string): Shown {
    const shown = this.#proxies.get(proxyId) ?? { totals: ZERO, series: new Map(), recent: [], open: new Set() };
    this.#proxies.set(proxyId, shown);
    return shown;
  }
}

function highestOf(a: DigestCounters, b: DigestCounters): DigestCounters {
  return {
    executions: Math.max(a.executions, b.executions),
    timeUs: Math.max(a.timeUs, b.timeUs),
    rowsAffected: Math.max(a.rowsAffected, b.rowsAffected),
    rowsSent: Math.max(a.rowsSent, b.rowsSent),
  };
}
