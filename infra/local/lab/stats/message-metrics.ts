import type { Row } from '../contract.ts';
import type { LabClock } from './clock.ts';

/** A place of the recorded proxy's source that logs a message with an id. */
export interface LoggedMessage {
  readonly id: string;
  readonly filename: string;
  readonly line: number;
  readonly func: string;
}

/** A SET that the proxy cannot parse: it keeps the client on one hostgroup from then on, and logs a warning. */
export const UNPARSABLE_SET: LoggedMessage = {
  id: '10002',
  filename: 'MySQL_Session.cpp',
  line: 7056,
  func: 'handler___status_WAITING_CLIENT_DATA___STATE_SLEEP___MYSQL_COM_QUERY_qpo',
};

/** What `stats_proxysql_message_metrics` shows: how often each message was logged, without its text. */
export class MessageMetrics {
  readonly #clock: LabClock;
  readonly #counts = new Map<LoggedMessage, { count: number; readonly firstS: number; lastS: number }>();

  constructor(clock: LabClock) {
    this.#clock = clock;
  }

  record(message: LoggedMessage): void {
    const nowS = Math.floor(this.#clock.wallMs() / 1000);
    const counted = this.#counts.get(message) ?? { count: 0, firstS: nowS, lastS: nowS };
    counted.count += 1;
    counted.lastS = nowS;
    this.#counts.set(message, counted);
  }

  *rows(): Generator<Row> {
    for (const [{ id, filename, line, func }, { count, firstS, lastS }] of this.#counts) {
      yield [id, filename, line, func, count, firstS, lastS];
    }
  }

  reset(): number {
    const count = this.#counts.size;
    this.#counts.clear();
    return count;
  }
}
