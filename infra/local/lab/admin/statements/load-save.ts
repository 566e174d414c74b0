import type { ModuleName } from '../layers/config-module.ts';
import { runSql } from '../storage/sql.ts';
import { ok, type Reply } from '../wire/reply.ts';
import type { AdminContext, Command } from './command.ts';

const MODULE_OF: ReadonlyMap<string, ModuleName> = new Map([
  ['MYSQL USERS', 'mysql_users'],
  ['MYSQL SERVERS', 'mysql_servers'],
  ['MYSQL QUERY RULES', 'mysql_query_rules'],
  ['MYSQL VARIABLES', 'mysql_variables'],
  ['ADMIN VARIABLES', 'admin_variables'],
  ['PROXYSQL SERVERS', 'proxysql_servers'],
]);
const NAMES = [...MODULE_OF.keys()].join('|');

type Move = (name: ModuleName, context: AdminContext) => number;
const toRuntime: Move = (name, { layers }) => {
  layers.loadToRuntime(name);
  return 0;
};
const toMemory: Move = (name, { layers }) => {
  layers.module(name).diskToMemory();
  return 0;
};
const fromRuntime: Move = (name, { layers }) => {
  layers.module(name).runtimeToMemory();
  return 0;
};
const toDisk: Move = (name, { layers }) => layers.module(name).memoryToDisk();

/** Each way between two layers has two names, by its beginning and by its end. */
const MOVES: ReadonlyMap<string, Move> = new Map([
  ['LOAD TO RUNTIME', toRuntime],
  ['LOAD FROM MEMORY', toRuntime],
  ['LOAD TO MEMORY', toMemory],
  ['LOAD FROM DISK', toMemory],
  ['SAVE FROM RUNTIME', fromRuntime],
  ['SAVE TO MEMORY', fromRuntime],
  ['SAVE TO DISK', toDisk],
  ['SAVE FROM MEMORY', toDisk],
]);
const LAYERS: Readonly<Record<string, string>> = { RUN: 'RUNTIME', MEM: 'MEMORY' };

export const LOAD_SAVE_COMMANDS: readonly Command[] = [
  {
    pattern: new RegExp(`^(LOAD|SAVE) (${NAMES}) (TO|FROM) (RUNTIME|RUN|MEMORY|MEM|DISK)$`, 'i'),
    roles: 'admin',
    run(match, context, client, { sql }) {
      const [, verb = '', words = '', way = '', layer = ''] = match.map((word) => word.toUpperCase());
      const name = MODULE_OF.get(words);
      const move = MOVES.get(`${verb} ${way} ${LAYERS[layer] ?? layer}`);
      return name === undefined || move === undefined ? context.query(sql, client) : ok(move(name, context));
    },
  },
  { pattern: /^SAVE MYSQL DIGEST TO DISK$/i, roles: 'admin', run: (_match, context) => saveDigests(context) },
  {
    pattern: new RegExp(`^CHECKSUM (${NAMES})$`, 'i'),
    roles: 'admin',
    run([, words = ''], { layers }) {
      const name = MODULE_OF.get(words.toUpperCase()) ?? 'mysql_users';
      const { checksum } = layers.checksums.get(name);
      return { kind: 'rows', columns: ['table', 'checksum'], rows: [[words.toUpperCase(), checksum]] };
    },
  },
];

/** Moves the digests to the history on disk: the table is empty afterwards. */
function saveDigests({ databases, refresh, stats }: AdminContext): Reply {
  refresh('stats_mysql_query_digest');
  const { changes } = runSql(
    databases.admin,
    `INSERT INTO stats_history.history_mysql_query_digest
     SELECT strftime('%s', 'now'), * FROM stats.stats_mysql_query_digest`,
  );
  stats()?.reset('stats_mysql_query_digest');
  return ok(changes);
}
