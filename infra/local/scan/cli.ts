// npm run scan -- …: one round of the scanner in this process, now, aside from all ticks; parse-command.ts has the options.
// Ends with 1 when something was not collected, with 2 when what was asked for is not there.
import { exitOnConfigError } from '@proxywatch/core/config/exit-on-config-error';
import { errorCodeOf, messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import { createFileRegistry } from '@proxywatch/core/drivers/registry/file-registry';
import { createRedisRegistry } from '@proxywatch/core/drivers/registry/redis-registry';
import type { DueProxy } from '@proxywatch/core/ports/collect-invoker';
import type { Log, LogFields } from '@proxywatch/core/ports/log';
import type { ProxyReport } from '../../../functions/scanner/collect/collect.ts';
import { parseCollectConfig } from '../../../functions/scanner/collect/config.ts';
import { openCollect } from '../../../functions/scanner/collect/deps.ts';
import { parseRoundConfig } from './config.ts';
import { parseCommand, type ScanCommand, USAGE } from './parse-command.ts';
import { readDeadLetters } from './read-dead-letters.ts';
import { isAllWell, renderReports } from './render-reports.ts';
import { dueOf, renderReplay } from './replay.ts';
import { runRound } from './run-round.ts';

const REGISTRY_TIMEOUT_MS = 10_000;
/** Long enough for two samples of transactions. */
const WINDOW_MS = 5_000;
/** A scheduler has the proxies for nearly all of a tick; before the next one there is a moment for us. */
const TICKS_TO_WAIT = 2;

/** Problems for the reader of a terminal; all else is in the table. */
const TERMINAL_LOG: Log = { info: () => undefined, warn: printProblem, error: printProblem };

const command = exitOnConfigError(() => parseCommand(process.argv.slice(2)), { print: (text) => console.error(text) });
if (command.kind === 'help') {
  console.log(USAGE);
} else {
  const config = exitOnConfigError(() => parseRoundConfig(process.env));
  const collectConfig = exitOnConfigError(() => parseCollectConfig(process.env));
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stopping.abort());

  /** What became of each of these proxies. */
  const collectNow = async (due: readonly DueProxy[]): Promise<readonly ProxyReport[]> => {
    const collect = openCollect(collectConfig, TERMINAL_LOG);
    const busyLimitMs = TICKS_TO_WAIT * config.SCAN_TICK_MS;
    try {
      return await runRound(due, { collect, windowMs: WINDOW_MS, busyLimitMs, signal: stopping.signal });
    } finally {
      await collect.close();
    }
  };
  try {
    const registered = () => fetchProxies(config, stopping.signal);
    const isWell =
      command.kind === 'round'
        ? await round(command, await registered(), collectNow)
        : await replay(command.file, registered, collectNow);
    process.exitCode = isWell ? 0 : 1;
  } catch (error) {
    console.error(`scan: ${messageOf(error)}`);
    process.exitCode = errorCodeOf(error) === 'CONFIG_INVALID' ? 2 : 1;
  }
}

type CollectNow = (due: readonly DueProxy[]) => Promise<readonly ProxyReport[]>;

async function round(
  { proxies: ids, collectors }: Extract<ScanCommand, { kind: 'round' }>,
  registered: readonly RegisteredProxy[],
  collectNow: CollectNow,
): Promise<boolean> {
  const unknown = ids.find((id) => !registered.some((proxy) => proxy.id === id));
  if (unknown !== undefined) throw unknownProxy(unknown, registered);
  const wanted = registered.filter(({ id }) => ids.length === 0 || ids.includes(id));
  const reports = await collectNow(wanted.map((proxy) => ({ proxy, collectors })));
  console.log(renderReports(reports));
  return isAllWell(reports);
}

async function replay(
  path: string,
  registered: () => Promise<readonly RegisteredProxy[]>,
  collectNow: CollectNow,
): Promise<boolean> {
  const { letters, damaged } = await readDeadLetters(path);
  for (const { line, problem } of damaged) console.error(`scan: ${path} line ${line}: ${problem}`);
  if (letters.length === 0) {
    console.log(`there are no dead letters in ${path}`);
    return damaged.length === 0;
  }
  const reports = await collectNow(dueOf(letters, await registered()));
  console.log(`${renderReplay(letters, reports)}\n\n${renderReports(reports)}`);
  return damaged.length === 0 && isAllWell(reports);
}

async function fetchProxies(
  { REDIS_URL, PROXIES_FILE }: ReturnType<typeof parseRoundConfig>,
  signal: AbortSignal,
): Promise<readonly RegisteredProxy[]> {
  const redis = createRedis(REDIS_URL);
  try {
    const registry = PROXIES_FILE === undefined ? createRedisRegistry(redis) : createFileRegistry(PROXIES_FILE);
    const limit = AbortSignal.any([signal, AbortSignal.timeout(REGISTRY_TIMEOUT_MS)]);
    return (await registry.fetchProxies(limit)).proxies;
  } finally {
    await redis.close();
  }
}

function unknownProxy(id: string, registered: readonly RegisteredProxy[]): ProxywatchError {
  const known = registered.slice(0, 10).map((proxy) => proxy.id);
  const more = registered.length > known.length ? ', …' : '';
  return new ProxywatchError(
    'CONFIG_INVALID',
    `there is no proxy ${JSON.stringify(id)}, only ${known.join(', ')}${more}`,
  );
}

function printProblem(event: string, fields: LogFields = {}): void {
  const told = Object.entries(fields).map(([name, value]) => `${name} ${value}`);
  console.error(`! ${[event, ...told].join(', ')}`);
}
