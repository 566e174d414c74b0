import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { extendedInfo } from '../../../../../../../infra/local/lab/traffic-port/session/extended-info.ts';
import { SessionState } from '../../../../../../../infra/local/lab/traffic-port/session/session-state.ts';
import { ThreadClock } from '../../../../../../../infra/local/lab/traffic-port/session/thread-clock.ts';
import { fakeLabClock } from '../../../../../../support/fake-lab-clock.ts';

const recorded: { readonly extended_info: Readonly<Record<string, unknown>> } = JSON.parse(
  readFileSync(
    new URL('../../../../../../contract/recordings/lab-traffic/processlist-extended-row.json', import.meta.url),
    'utf8',
  ),
);

function session() {
  const clock = fakeLabClock();
  const state = new SessionState(
    {
      id: 7,
      user: {
        username: 'app_rw',
        password: 'rw',
        defaultHostgroup: 10,
        defaultSchema: 'shop',
        maxConnections: 100,
        transactionPersistent: true,
      },
      client: { host: '127.0.0.1', port: 51542 },
      login: { user: 'app_rw', password: 'rw', charset: 224, foundRows: true },
      loginKey: '',
      thread: new ThreadClock(0, clock),
      startedUs: clock.monotonicUs(),
    },
    'shop',
  );
  const info = () => extendedInfo(state, 6033, clock) as Readonly<Record<string, number>>;
  return { clock, state, info };
}

describe('the extended info of a session', () => {
  test('has the recorded fields', () => {
    // qpo, the outcome of the rules for the last statement, is left out.
    const fields = Object.keys(recorded.extended_info).filter((name) => name !== 'qpo');
    expect(Object.keys(session().info()).sort()).toEqual(fields.sort());
  });

  test('counts the time of a transaction in microseconds', () => {
    const { clock, state, info } = session();
    state.transactionSinceUs = state.identity.thread.wake();
    clock.advance(4_000);
    expect(info()).toMatchObject({ active_transactions: 1, transaction_time_ms: 4_000_000 });
  });

  test('shows the whole clock as the time when there is no transaction', () => {
    const { clock, info } = session();
    expect(info()).toMatchObject({ active_transactions: 0, transaction_time_ms: clock.monotonicUs() });
  });

  test('takes a running statement for a transaction', () => {
    const { state, info } = session();
    state.running = { command: 'Query', sql: 'SELECT SLEEP(2)', startedUs: state.identity.thread.wake() };
    expect(info()).toMatchObject({ active_transactions: 1, transaction_time_ms: 0, status: 6 });
  });
});
