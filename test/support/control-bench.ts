import { setImmediate as turn } from 'node:timers/promises';
import type { Engine } from '../../functions/control/engine.ts';
import { operateWith } from '../../functions/control/operate.ts';
import { assessGroup } from '../../functions/control/planning/assess-group.ts';
import type { MemberReading } from '../../functions/control/planning/read-member.ts';
import { sweepWith } from '../../functions/control/sweep-operations.ts';
import { CONTROL_TIMES } from '../../functions/control/times.ts';
import { CONFIG_MODULES, type LayerRows } from '../../layers/core/src/domain/control/config-rows.ts';
import type { Strategy } from '../../layers/core/src/domain/control/operation.ts';
import type { PlanOptions } from '../../layers/core/src/domain/control/plan.ts';
import { tablesOfModules, writesOf } from '../../layers/core/src/domain/control/row-writes.ts';
import { ProxywatchError } from '../../layers/core/src/domain/errors.ts';
import type { ProxyRecord } from '../../layers/core/src/drivers/dcdb/proxy-repository.ts';
import type { OperateRequest } from '../../layers/core/src/ports/operation-invoker.ts';
import type { StoredOperation } from '../../layers/core/src/ports/operation-store.ts';
import { createMemoryControl, type MemoryFleet } from './memory-control.ts';
import { MemoryOperationStore } from './memory-operation-store.ts';

export const STRATEGY: Strategy = {
  canary: { groups: 0, pauseMs: 0 },
  parallelism: 4,
  onError: 'rollback',
  health: { windowMs: 2_000, accessDenied: 5, backendConnectionsFailed: 5, backendErrors: 20, timesBefore: 3 },
  maxProxies: 100,
};

export const NO_OPTIONS: PlanOptions = { acceptLoads: false, adopt: false, allowMassDelete: false };

/** What a process throws that is no more. */
export class Death extends Error {}

const MOST_ROUNDS = 60;

/** Operations over proxies in memory, by processes that may die at any point where they touch anything. */
export class ControlBench {
  readonly fleet: MemoryFleet;
  readonly store: MemoryOperationStore;
  readonly engine: Engine;
  /** By proxy: what is wanted of it. */
  readonly wanted = new Map<string, LayerRows>();
  options: PlanOptions = NO_OPTIONS;
  nowMs = 1_800_000_000_000;
  /** Points at which the running process dies, as counted from the beginning. */
  deaths = new Set<number>();
  /** Points at which the running process is told to end, and everything under way is cut short. */
  stops = new Set<number>();
  /** What no process survives. */
  fatal: RegExp | undefined;
  /** Points passed so far, in words. */
  readonly points: string[] = [];
  readonly invoked: OperateRequest[] = [];
  #isDead = false;
  #stopping = new AbortController();

  constructor(fleet: MemoryFleet) {
    this.fleet = fleet;
    this.store = new MemoryOperationStore(() => this.nowMs);
    this.store.onAccess = (what) => this.#pass(`store: ${what}`);
    for (const proxy of fleet.proxies)
      proxy.onAct = (what, { id }, detail = '') => this.#pass(`${id}: ${what} ${detail}`);
    const control = createMemoryControl(fleet);
    this.engine = {
      store: this.store,
      controls: new Map([['memory', control]]),
      credentials: { fetchCredential: async () => ({ user: 'admin', password: 'admin' }) },
      secrets: {
        seal: async (text, context) => `${context}|${text}`,
        open: async (sealed, context) => sealed.slice(context.length + 1),
      },
      invoker: { invoke: async (request) => void this.invoked.push(request) },
      log: { info() {}, warn() {}, error() {} },
      clock: {
        nowMs: () => this.nowMs,
        wait: async (ms) => {
          this.nowMs += ms;
          this.fleet.tick();
          await turn();
        },
      },
      times: { ...CONTROL_TIMES, settleMs: 3_000, patienceMs: 5_000 },
      fetchProxies: async () => fleet.proxies.map(({ id, port }) => recordOf(id, port)),
      fetchIntent: async ({ members }) => {
        const readings = await Promise.all(members.map((id) => this.#read(id)));
        const [writer, ...peers] = readings;
        if (writer === undefined) throw new Error('a group without members');
        const { refusals, changes, modules, managedAfter } = assessGroup(control, [writer, ...peers], this.options);
        if (refusals[0] !== undefined) throw new ProxywatchError('CONFLICT', refusals[0].message);
        return {
          writer: writer.proxyId,
          modules,
          writes: writesOf(changes),
          members: readings.map(({ proxyId, memory, runtime, disk, managed }) => ({
            proxyId,
            memory: tablesOfModules(memory, modules),
            runtime: tablesOfModules(runtime, modules),
            disk: tablesOfModules(disk, modules),
            managed,
            managedAfter,
          })),
        };
      },
    };
  }

  begin(id: string, groups: readonly (readonly string[])[], strategy: Partial<Strategy> = {}): void {
    this.store.begin(
      id,
      { ...STRATEGY, ...strategy },
      groups.map((members) => ({ id: members[0] ?? '', members })),
    );
  }

  /** Works until nothing is left to do by itself; each process that dies is followed by another, once its leases ran out. */
  async drive(id: string): Promise<StoredOperation> {
    this.invoked.push({ version: 1, operationId: id });
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      await this.#process();
      await turn();
      if (this.#isDead) {
        this.#isDead = false;
        this.store.expireLeases();
      }
      if (this.invoked.length > 0) continue;
      const { state } = this.store.get(id);
      if (['stopped', 'succeeded', 'failed', 'rolled-back'].includes(state)) return this.store.get(id);
      this.nowMs += 60_000;
      this.fleet.tick();
      await sweepWith(this.engine, AbortSignal.timeout(60_000)).catch(() => {});
    }
    throw new Error(`operation ${id} never ends: ${JSON.stringify(this.store.get(id))}`);
  }

  async #process(): Promise<void> {
    const requests = this.invoked.splice(0);
    this.#stopping = new AbortController();
    const signal = AbortSignal.any([AbortSignal.timeout(60_000), this.#stopping.signal]);
    await Promise.allSettled(requests.map((request) => operateWith(this.engine, request, signal)));
  }

  async #read(id: string): Promise<MemberReading> {
    const { memory, runtime, disk } = this.fleet.get(id);
    await this.fleet.get(id).onAct('fetch', this.fleet.get(id));
    if (this.fleet.get(id).isDown) throw new ProxywatchError('PROXY_UNREACHABLE', `${id} cannot be reached`);
    const managed = await this.store.fetchManagedRows(id);
    const copy = structuredClone({ memory, runtime, disk });
    const pick = (rows: LayerRows) => tablesOfModules(rows, CONFIG_MODULES);
    return {
      proxyId: id,
      memory: pick(copy.memory),
      runtime: pick(copy.runtime),
      disk: pick(copy.disk),
      managed,
      wanted: this.wanted.get(id) ?? {},
      notes: [],
      peers: [],
    };
  }

  #pass(what: string): void {
    if (this.deaths.has(this.points.length) || this.fatal?.test(what) === true) this.#isDead = true;
    this.points.push(what);
    if (this.#isDead) throw new Death(what);
    if (this.stops.has(this.points.length - 1)) this.#stopping.abort();
    // What was done is still noted then.
    if (!/^store: (?:save|release|addEvents)/.test(what)) this.#stopping.signal.throwIfAborted();
  }
}

function recordOf(id: string, port: number): ProxyRecord {
  const at = new Date(0);
  return {
    registration: {
      id,
      kind: 'memory',
      namespace: 'shop',
      adminHost: '127.0.0.1',
      adminPort: port,
      adminTls: false,
      statsCredentialRef: 'stats',
      adminCredentialRef: 'admin',
    },
    managed: true,
    region: '',
    zone: '',
    labels: {},
    state: 'online',
    revision: 1,
    createdAt: at,
    updatedAt: at,
  };
}
