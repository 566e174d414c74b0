import type { OperationEvent, RowRef } from '../../layers/core/src/domain/control/group-work.ts';
import type { GroupState, Strategy } from '../../layers/core/src/domain/control/operation.ts';
import type { OperationStore, StoredGroup, StoredOperation } from '../../layers/core/src/ports/operation-store.ts';

interface Held extends StoredGroup {
  owner: string | undefined;
  untilMs: number;
}

const ACTIVE: readonly GroupState[] = ['running', 'rolling-back'];
const RUNNING = ['pending', 'running', 'rolling-back'];

/** One process's memory as the DCDB would keep it, with its clock. */
export class MemoryOperationStore implements OperationStore {
  readonly events: (OperationEvent & { operationId: string })[] = [];
  readonly managed = new Map<string, readonly RowRef[]>();
  readonly checksums: { proxyId: string; module: string; checksum: string }[] = [];
  writes = { enabled: true, reason: '' };
  /** Runs before each access; may throw, as a database that is away, or a process that dies. */
  onAccess: (what: string) => void = () => {};
  readonly #operations = new Map<string, Omit<StoredOperation, 'groups'> & { groups: Held[] }>();
  readonly #images = new Map<string, string>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  begin(
    id: string,
    strategy: Strategy,
    groups: readonly { readonly id: string; readonly members: readonly string[] }[],
    more: Partial<Pick<StoredOperation, 'kind' | 'ofOperation'>> = {},
  ): void {
    this.#operations.set(id, {
      id,
      kind: 'apply',
      planId: 'plan',
      ofOperation: undefined,
      namespace: 'shop',
      reason: '',
      problem: undefined,
      createdBy: 'test',
      state: 'pending',
      strategy,
      ...more,
      groups: groups.map((group, position) => ({
        ...group,
        position,
        state: 'waiting',
        step: 'none',
        problem: undefined,
        pending: {},
        attempts: 0,
        owner: undefined,
        untilMs: 0,
      })),
    });
  }

  get(id: string): StoredOperation {
    const operation = this.#operations.get(id);
    if (operation === undefined) throw new Error(`no operation ${id}`);
    return structuredClone(operation);
  }

  /** A process that is gone renews nothing. */
  expireLeases(): void {
    for (const { groups } of this.#operations.values()) for (const group of groups) group.untilMs = 0;
  }

  fetchOperation: OperationStore['fetchOperation'] = async (id) => {
    this.onAccess('fetchOperation');
    return structuredClone(this.#operations.get(id));
  };

  decide: OperationStore['decide'] = async (id, decision) => {
    this.onAccess('decide');
    const operation = this.#operations.get(id);
    if (operation === undefined) return undefined;
    const decided = decision(structuredClone(operation));
    if (decided === undefined) return structuredClone(operation);
    for (const { id: groupId, from, to } of decided.groups) {
      const group = operation.groups.find((held) => held.id === groupId && held.state === from);
      if (group === undefined) continue;
      const reset = to === 'waiting' ? { step: 'none' as const, pending: {}, problem: undefined } : {};
      Object.assign(group, {
        state: to,
        attempts: 0,
        untilMs: group.owner === undefined ? 0 : group.untilMs,
        ...reset,
      });
    }
    const { onError = operation.strategy.onError } = decided;
    Object.assign(operation, {
      strategy: { ...operation.strategy, onError },
      state: decided.state,
      ...('problem' in decided && { problem: decided.problem }),
    });
    this.#note(id, decided.events);
    return structuredClone(operation);
  };

  fetchUnattended: OperationStore['fetchUnattended'] = async () => {
    this.onAccess('fetchUnattended');
    return [...this.#operations.values()].flatMap(({ id, state, groups }) => {
      if (!RUNNING.includes(state)) return [];
      const active = groups.filter((group) => ACTIVE.includes(group.state));
      if (active.length === 0) return [{ version: 1 as const, operationId: id }];
      const free = active.filter(({ untilMs }) => untilMs < this.#nowMs());
      return free.map((group) => ({ version: 1 as const, operationId: id, groupId: group.id }));
    });
  };

  takeGroup: OperationStore['takeGroup'] = async ({ operationId, groupId, owner }, leaseMs) => {
    this.onAccess('takeGroup');
    const operation = this.#operations.get(operationId);
    const group = operation?.groups.find(({ id }) => id === groupId);
    if (operation === undefined || group === undefined || !RUNNING.includes(operation.state)) return undefined;
    if (!ACTIVE.includes(group.state) || group.untilMs >= this.#nowMs()) return undefined;
    Object.assign(group, { owner, untilMs: this.#nowMs() + leaseMs, attempts: group.attempts + 1 });
    return structuredClone(group);
  };

  renewGroup: OperationStore['renewGroup'] = async (hold, leaseMs) => {
    this.onAccess('renewGroup');
    const group = this.#held(hold);
    const operation = this.#operations.get(hold.operationId);
    if (group === undefined || operation === undefined) return undefined;
    group.untilMs = this.#nowMs() + leaseMs;
    return { operationState: operation.state, groupState: group.state, writes: this.writes };
  };

  saveGroup: OperationStore['saveGroup'] = async (hold, from, change) => {
    this.onAccess(`save ${change.step ?? change.state ?? 'pending'}`);
    const group = this.#held(hold);
    if (group === undefined || group.state !== from) return false;
    const { state, step, pending, problem, events = [], preImages = [], managed = [], checksums = [] } = change;
    Object.assign(group, {
      ...((state !== undefined || step !== undefined) && { attempts: 1 }),
      ...(state && { state }),
      ...(step && { step }),
      ...(pending && { pending }),
      ...(problem && { problem }),
    });
    this.#note(hold.operationId, events);
    for (const { proxyId, sealed } of preImages) this.#images.set(`${hold.operationId} ${proxyId}`, sealed);
    for (const { proxyId, rows } of managed) this.managed.set(proxyId, rows);
    this.checksums.push(...checksums);
    this.onAccess(`saved ${change.step ?? change.state ?? 'pending'}`);
    return true;
  };

  releaseGroup: OperationStore['releaseGroup'] = async (hold, restMs, isFailure) => {
    this.onAccess('releaseGroup');
    const group = this.#held(hold);
    if (group === undefined) return;
    Object.assign(group, {
      owner: undefined,
      untilMs: restMs > 0 ? this.#nowMs() + restMs : 0,
      attempts: isFailure ? group.attempts : 0,
    });
  };

  addEvents: OperationStore['addEvents'] = async (operationId, events) => {
    this.onAccess('addEvents');
    this.#note(operationId, events);
  };

  fetchPreImage: OperationStore['fetchPreImage'] = async (operationId, proxyId) => {
    this.onAccess('fetchPreImage');
    return this.#images.get(`${operationId} ${proxyId}`);
  };

  fetchManagedRows: OperationStore['fetchManagedRows'] = async (proxyId) => this.managed.get(proxyId) ?? [];

  deleteExpired: OperationStore['deleteExpired'] = async () => {};

  #held({ operationId, groupId, owner }: { operationId: string; groupId: string; owner: string }): Held | undefined {
    return this.#operations.get(operationId)?.groups.find((group) => group.id === groupId && group.owner === owner);
  }

  #note(operationId: string, events: readonly OperationEvent[]): void {
    this.events.push(...events.map((event) => ({ operationId, ...event })));
  }
}
