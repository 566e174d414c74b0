import type { LabCommand } from '../../contract.ts';
import { readRows } from '../storage/sql.ts';
import { ok, type Reply, statementError } from '../wire/reply.ts';
import type { AdminContext, Command } from './command.ts';

// A START in the same second as a STOP is answered OK and lost.
const DEAF_AFTER_STOP_MS = 1000;

/** Commands that act on the process, its clients and its statistics. */
export function createControlCommands(): readonly Command[] {
  let stoppedAtMs = Number.NEGATIVE_INFINITY;

  async function control(command: LabCommand, { control: act, nowMs }: AdminContext): Promise<Reply> {
    if (command === 'start' && nowMs() - stoppedAtMs < DEAF_AFTER_STOP_MS) return ok();
    await act(command);
    if (command === 'stop') stoppedAtMs = nowMs();
    return ok();
  }

  return [
    {
      pattern: /^PROXYSQL (PAUSE|RESUME|STOP|START)$/i,
      roles: 'admin',
      run: ([, word = ''], context) => control(word.toLowerCase() as LabCommand, context),
    },
    {
      pattern: /^PROXYSQL (SHUTDOWN|KILL)(?: SLOW)?$/i,
      roles: 'admin',
      async run([, word = ''], context) {
        await context.control(word.toLowerCase() as LabCommand);
        return { kind: 'hangUp', reason: `PROXYSQL ${word}` };
      },
    },
    {
      pattern: /^PROXYSQL (READONLY|READWRITE)$/i,
      roles: 'admin',
      run([, word = ''], { layers }) {
        layers.setVariable('admin-read_only', String(word.toUpperCase() === 'READONLY'));
        return ok();
      },
    },
    { pattern: /^PROXYSQL FLUSH (?:LOGS|QUERY CACHE)$/i, roles: 'admin', run: () => ok() },
    {
      pattern: /^KILL CONNECTION (\d+)$/i,
      roles: 'admin',
      run([, id = ''], { stats }) {
        return stats()?.killSession(Number(id)) ? ok() : statementError(`Unknown thread id: ${id}`);
      },
    },
    {
      pattern: /^TRUNCATE (?:TABLE )?(?:stats\.)?(stats_mysql_query_digest(?:_reset)?)$/i,
      roles: 'admin',
      run([, table = ''], { databases, stats }) {
        // The refresh before each statement has filled the table (and a _reset name has emptied its source).
        const [count] = readRows(databases.admin, `SELECT COUNT(*) FROM stats.${table}`)[0] ?? [];
        stats()?.reset('stats_mysql_query_digest');
        return ok(Number(count ?? 0));
      },
    },
  ];
}
