import type { ConfigModule } from '../../../domain/control/config-rows.ts';
import type { ControlSession } from '../../../ports/proxy-control.ts';
import type { AdminConnection } from '../admin-connection.ts';
import type { Command, Query } from '../cells.ts';
import type { AdminAddress } from '../proxy-state.ts';
import { createSessionCalls, type SessionLimits } from '../session-calls.ts';
import { fetchFacts } from './facts.ts';
import { createColumns, fetchConfig } from './fetch-config.ts';
import { fetchHealth } from './health.ts';
import { killSessions } from './kill-sessions.ts';
import { fetchDifferingModules, touchedModules, VARIABLE_MODULES, type VariableModule } from './variable-modules.ts';
import { replaceMemory, writeMemory } from './write-memory.ts';

export interface ControlTarget {
  readonly proxyId: string;
  readonly version: string;
  readonly itself: AdminAddress;
}

const MODULE_WORDS: Readonly<Record<Exclude<ConfigModule, 'variables'>, string>> = {
  users: 'MYSQL USERS',
  servers: 'MYSQL SERVERS',
  rules: 'MYSQL QUERY RULES',
};

/** A session that changes a proxy, over an open connection, which it owns from now on. */
export function createControlSession(
  { proxyId, version, itself }: ControlTarget,
  connection: AdminConnection,
  limits: SessionLimits,
): ControlSession {
  const calls = createSessionCalls(proxyId, connection, limits);
  const columnsOf = createColumns();
  const notLoaded = new Set<VariableModule>();
  const notSaved = new Set<VariableModule>();

  /**
   * One command for a module. Of variables only the part that was written is moved, so that the other part's half-done
   * edits stay where they are; a session that has written none looks where memory differs.
   */
  async function move(
    query: Query,
    command: Command,
    module: ConfigModule,
    verb: {
      readonly before: string;
      readonly after: string;
      readonly layer: Parameters<typeof fetchDifferingModules>[1];
    },
    written: Set<VariableModule>,
  ): Promise<void> {
    if (module !== 'variables') return command(`${verb.before} ${MODULE_WORDS[module]} ${verb.after}`);
    const parts = written.size > 0 ? new Set(written) : await fetchDifferingModules(query, verb.layer);
    for (const part of VARIABLE_MODULES) {
      if (!parts.has(part)) continue;
      await command(`${verb.before} ${part} VARIABLES ${verb.after}`);
      written.delete(part);
    }
  }

  function note(touched: ReadonlySet<VariableModule>): void {
    for (const part of touched) {
      notLoaded.add(part);
      notSaved.add(part);
    }
  }

  return {
    version,
    get closed() {
      return calls.closed;
    },
    fetchConfig: (modules, layers, signal) =>
      calls.run(signal, (query) => fetchConfig(query, columnsOf, modules, layers)),
    fetchFacts: (signal) => calls.run(signal, (query) => fetchFacts(query, itself)),
    write: (writes, signal) =>
      calls.runToEnd(signal, async (query, command) => {
        const touched = touchedModules(writes);
        await writeMemory({ query, command, columnsOf, signal }, writes);
        note(touched);
      }),
    replace: (module, rows, signal) =>
      calls.runToEnd(signal, async (query, command) => {
        await replaceMemory({ query, command, columnsOf, signal }, module, rows);
        // What it changed is found out by comparing.
        if (module === 'variables') for (const waiting of [notLoaded, notSaved]) waiting.clear();
      }),
    load: (module, signal) => calls.run(signal, (query, command) => move(query, command, module, LOAD, notLoaded)),
    save: (module, signal) => calls.run(signal, (query, command) => move(query, command, module, SAVE, notSaved)),
    fetchHealth: (signal) => calls.run(signal, fetchHealth),
    killSessions: (username, signal) => calls.run(signal, (query, command) => killSessions(query, command, username)),
    close: calls.close,
  };
}

const LOAD = { before: 'LOAD', after: 'TO RUNTIME', layer: 'runtime_global_variables' } as const;
const SAVE = { before: 'SAVE', after: 'TO DISK', layer: 'disk.global_variables' } as const;
