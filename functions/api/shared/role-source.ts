import { createCaller, type Principal, type RoleBinding } from '@proxywatch/core/domain/access/caller';
import { EVERY_NAMESPACE } from '@proxywatch/core/domain/access/role';
import { errorCodeOf, messageOf } from '@proxywatch/core/domain/errors';
import type { Log } from '@proxywatch/core/ports/log';
import type { RoleSource } from './api-runtime.ts';

export interface RoleSourceOptions {
  fetchBindings(principal: Principal, signal?: AbortSignal): Promise<readonly RoleBinding[]>;
  /** Admin everywhere, whatever the bindings say: the first one, who gives the others their roles. */
  readonly bootstrapAdmin: Pick<RoleBinding, 'subjectKind' | 'subject'> | undefined;
  /** How long bindings are not asked for again: a role that is taken away is gone after this. @default 5000 */
  readonly cacheMs?: number;
  /** How long they are used while the DCDB is away. @default 60000 */
  readonly staleMs?: number;
  /** Principals that are remembered. @default 1000 */
  readonly maxRemembered?: number;
  /** Monotonic. @default performance.now */
  readonly nowMs?: () => number;
  readonly log: Log;
}

interface Remembered {
  readonly bindings: readonly RoleBinding[];
  readonly atMs: number;
}

/** What principals may do, remembered for a moment. */
export function createRoleSource(options: RoleSourceOptions): RoleSource {
  const { cacheMs = 5_000, staleMs = 60_000, maxRemembered = 1_000, log } = options;
  const { nowMs = () => performance.now() } = options;
  const remembered = new Map<string, Remembered>();

  async function bindingsOf(principal: Principal, signal?: AbortSignal): Promise<readonly RoleBinding[]> {
    const key = JSON.stringify([principal.name, principal.groups]);
    const known = remembered.get(key);
    if (known !== undefined && nowMs() - known.atMs < cacheMs) return known.bindings;
    try {
      const askedMs = nowMs();
      const bindings = await options.fetchBindings(principal, signal);
      remembered.delete(key);
      remembered.set(key, { bindings, atMs: askedMs });
      const oldest = remembered.keys().next().value;
      if (remembered.size > maxRemembered && oldest !== undefined) remembered.delete(oldest);
      return bindings;
    } catch (error) {
      const isAway = errorCodeOf(error) === 'STORE_UNAVAILABLE';
      if (!isAway || known === undefined || nowMs() - known.atMs >= staleMs) throw error;
      log.warn('roles are those of before', { problem: messageOf(error) });
      return known.bindings;
    }
  }

  return {
    async fetchCaller(principal, signal) {
      const first = options.bootstrapAdmin;
      if (first !== undefined && isSubject(principal, first)) {
        return createCaller(principal, [{ ...first, role: 'admin', namespace: EVERY_NAMESPACE }]);
      }
      return createCaller(principal, await bindingsOf(principal, signal));
    },
  };
}

function isSubject(
  { name, groups }: Principal,
  { subjectKind, subject }: Pick<RoleBinding, 'subjectKind' | 'subject'>,
) {
  return subjectKind === 'user' ? name === subject : groups.includes(subject);
}
