import type { DatabaseSync } from 'node:sqlite';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { type Checksums, createChecksums } from './checksums.ts';
import { type ConfigModule, MODULES, type ModuleName, type RuntimeTables } from './config-module.ts';
import { createTableModules } from './table-modules.ts';
import { createVariableModule } from './variable-module.ts';

/** The configuration of one proxy in its three layers, and who is told when runtime changed. */
export interface ConfigLayers {
  readonly checksums: Checksums;
  module(name: ModuleName): ConfigModule;
  /** LOAD … TO RUNTIME. */
  loadToRuntime(name: ModuleName): void;
  /** Takes over what a peer of the cluster runs, and keeps it on disk as ProxySQL does by default. */
  adopt(name: ModuleName, tables: RuntimeTables, epoch: number): void;
  /** Sets one variable in memory and at runtime at once, as PROXYSQL READONLY does. */
  setVariable(name: string, value: string): void;
  /** Value at runtime. Errors: CONFIG_INVALID for a name that does not exist. */
  variable(name: string): string;
  /** `listener` hears of every module that reached runtime. */
  onLoaded(listener: (name: ModuleName) => void): void;
  /** Disk (or, at the first run, the initial values) to memory to runtime: what happens at start. */
  start(firstRun: boolean): void;
}

export function createConfigLayers(
  db: DatabaseSync,
  options: { readonly initialVariables: ReadonlyMap<string, string>; readonly nowMs: () => number },
): ConfigLayers {
  const checksums = createChecksums();
  const variables = (['admin_variables', 'mysql_variables'] as const).map((name) =>
    createVariableModule(db, name, options.initialVariables),
  );
  const modules = new Map<ModuleName, ConfigModule>(
    [...createTableModules(db), ...variables].map((module) => [module.name, module]),
  );
  const listeners: ((name: ModuleName) => void)[] = [];

  function module(name: ModuleName): ConfigModule {
    const found = modules.get(name);
    if (found === undefined) throw new ProxywatchError('CONFIG_INVALID', `no module ${name}`);
    return found;
  }

  function toRuntime(name: ModuleName, epoch: number): void {
    const loaded = module(name);
    loaded.memoryToRuntime();
    checksums.moved(name, loaded.shared(), epoch);
    for (const listener of listeners) listener(name);
  }

  const valuesOf = (name: string): Map<string, string> => {
    const holder = variables.find(({ values }) => values.has(name));
    if (holder === undefined) throw new ProxywatchError('CONFIG_INVALID', `no variable ${name}`);
    return holder.values;
  };
  const nowSeconds = (): number => Math.floor(options.nowMs() / 1000);
  // Memory always lists every variable; the disk then overrides those that were saved.
  for (const holder of variables) holder.runtimeToMemory();

  return {
    checksums,
    module,
    loadToRuntime: (name) => toRuntime(name, nowSeconds()),
    adopt(name, tables, epoch) {
      module(name).adopt(tables);
      toRuntime(name, epoch);
      module(name).memoryToDisk();
    },
    setVariable(name, value) {
      valuesOf(name).set(name, value);
      db.prepare('REPLACE INTO main.global_variables VALUES (?, ?)').run(name, value);
    },
    variable: (name) => valuesOf(name).get(name) ?? '',
    onLoaded: (listener) => void listeners.push(listener),
    start(firstRun) {
      for (const name of MODULES) {
        if (firstRun) module(name).memoryToDisk();
        else module(name).diskToMemory();
        toRuntime(name, nowSeconds());
      }
    },
  };
}
