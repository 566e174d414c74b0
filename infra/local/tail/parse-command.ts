import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { COLLECTORS, type CollectorName } from '@proxywatch/core/domain/scan/collectors';
import { kebabOf } from '@proxywatch/core/domain/scan/schema-name';

export const USAGE = `usage: npm run tail -- <topic> [--from-beginning] [--json]
  slow-sql             statements that took long
  slow-transactions    transactions that lasted long, while they last and when they end
  key-logs             restarts, servers and configurations that changed, lost events
  status, sql-stats, sql-errors   where the routes send them to Kafka
  --from-beginning     all events that Kafka still has, not only new ones
  --json               each event as Kafka has it, one a line`;

export interface TailCommand {
  readonly collector: CollectorName;
  readonly fromBeginning: boolean;
  readonly json: boolean;
}

const FLAGS = ['--from-beginning', '--json'];

/** The command of a command line. Throws CONFIG_INVALID with what is wrong and the usage. */
export function parseCommand(args: readonly string[]): TailCommand {
  const flags = args.filter((arg) => arg.startsWith('-'));
  const [topic, ...more] = args.filter((arg) => !arg.startsWith('-'));
  const unknown = flags.find((flag) => !FLAGS.includes(flag));
  if (unknown !== undefined) throw wrong(`unknown option ${JSON.stringify(unknown)}`);
  if (topic === undefined) throw wrong('no topic');
  if (more.length > 0) throw wrong('one topic at a time');
  const collector = COLLECTORS.find((name) => kebabOf(name) === topic);
  if (!collector) throw wrong(`unknown topic ${JSON.stringify(topic)}`);
  return { collector, fromBeginning: flags.includes('--from-beginning'), json: flags.includes('--json') };
}

function wrong(problem: string): ProxywatchError {
  return new ProxywatchError('CONFIG_INVALID', `${problem}\n${USAGE}`);
}
