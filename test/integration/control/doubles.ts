import type { ConfigModule } from '@proxywatch/core/domain/control/config-rows';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { DatabaseConfig, DatabaseInstance } from '@proxywatch/core/ports/database-config';
import type { ControlSession, ProxyControl } from '@proxywatch/core/ports/proxy-control';

export const FAST_TIMES = {
  pollMs: 100,
  healthPollMs: 100,
  settleMs: 10_000,
  patienceMs: 3_000,
  leaseMs: 2_000,
  callMs: 5_000,
};
export type Hook = (proxy: string, call: keyof ControlSession, detail: string) => void | Promise<void>;

/** What the database configuration service says. */
export interface DatabaseState {
  instances: readonly DatabaseInstance[];
  staleSeconds: number;
  isDown: boolean;
}

/** A control that notes LOADs and SAVEs, and lets a test come in between. */
export function watched(control: ProxyControl, commands: string[], hook: Hook): ProxyControl {
  return {
    ...control,
    async connect(proxy, credential, options) {
      const session = await control.connect(proxy, credential, options);
      const { id } = proxy;
      return {
        version: session.version,
        get closed() {
          return session.closed;
        },
        fetchConfig: (...given) => session.fetchConfig(...given),
        fetchFacts: (...given) => session.fetchFacts(...given),
        killSessions: (...given) => session.killSessions(...given),
        close: () => session.close(),
        async write(...given) {
          await hook(id, 'write', '');
          await session.write(...given);
          await hook(id, 'write', 'done');
        },
        async replace(...given) {
          await hook(id, 'replace', given[0]);
          await session.replace(...given);
        },
        async load(module: ConfigModule, signal) {
          await hook(id, 'load', module);
          commands.push(`${id} load ${module}`);
          await session.load(module, signal);
          await hook(id, 'load', `${module} done`);
        },
        async save(module: ConfigModule, signal) {
          await hook(id, 'save', module);
          commands.push(`${id} save ${module}`);
          await session.save(module, signal);
          await hook(id, 'save', `${module} done`);
        },
        async fetchHealth(signal) {
          await hook(id, 'fetchHealth', '');
          return session.fetchHealth(signal);
        },
      };
    },
  };
}

export function databaseConfigOf(state: DatabaseState): DatabaseConfig {
  const dated = async <T>(value: T) => ({ value, staleSeconds: state.staleSeconds });
  return {
    fetchClusters: () => dated([]),
    fetchCluster: () => dated(undefined),
    async fetchInstances() {
      if (!state.isDown) return dated(state.instances);
      throw new ProxywatchError('SERVICE_UNREACHABLE', 'dbconfig is away', { service: 'dbconfig' });
    },
    fetchChanges: () => dated({ items: [], cursor: '' }),
  };
}
