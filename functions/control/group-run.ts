import type { ConfigLayer, ConfigModule, ConfigSnapshot } from '@proxywatch/core/domain/control/config-rows';
import type { OperationEvent, Pending, PreImage } from '@proxywatch/core/domain/control/group-work';
import type { Step } from '@proxywatch/core/domain/control/operation';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { GroupChange, GroupHold, StoredGroup, StoredOperation } from '@proxywatch/core/ports/operation-store';
import type { ControlSession, ProxyControl } from '@proxywatch/core/ports/proxy-control';
import type { Engine } from './engine.ts';
import type { GroupIntent } from './group-intent.ts';
import { Interrupted } from './interruption.ts';
import { createMemberSessions } from './member-sessions.ts';
import { openPreImage } from './pre-image.ts';

/** One process at work on one group. Steps read `group`, act on proxies, and tell what they did by `record`. */
export interface GroupRun {
  readonly engine: Engine;
  readonly operation: StoredOperation;
  readonly group: StoredGroup;
  readonly signal: AbortSignal;
  /** What the guard found, if it was this very run that looked. */
  intent: GroupIntent | undefined;
  /** Whether the step under way may have been begun by somebody who did not end it. */
  readonly isTakenUp: boolean;
  controlOf(proxyId: string): ProxyControl;
  /** Sends something to a member that changes nothing. */
  ask<T>(proxyId: string, question: (session: ControlSession, signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Sends something that changes the member: only while we hold the group and nobody stopped it. */
  change(proxyId: string, act: (session: ControlSession, signal: AbortSignal) => Promise<void>): Promise<void>;
  fetchLayers(
    proxyId: string,
    modules: readonly ConfigModule[],
    layers: readonly ConfigLayer[],
  ): Promise<ConfigSnapshot>;
  preImageOf(proxyId: string): Promise<PreImage>;
  /** Notes that a step is done. */
  record(step: Step, pending: Pending, change?: Omit<GroupChange, 'step' | 'pending'>): Promise<void>;
  /** Anything else about the group. */
  save(change: GroupChange): Promise<void>;
  note(severity: OperationEvent['severity'], message: string, proxyId?: string): Promise<void>;
  /** Takes over that somebody told the group to go back, or tells it so. */
  turnBack(): Promise<void>;
  /** Renews the lease; throws an Interrupted when this must not go on. */
  check(): Promise<void>;
  /** Waits, and checks meanwhile and after it. */
  wait(ms: number): Promise<void>;
  close(): Promise<void>;
}

export async function createGroupRun(
  engine: Engine,
  operation: StoredOperation,
  taken: StoredGroup,
  hold: GroupHold,
  signal: AbortSignal,
): Promise<GroupRun> {
  const { store, times, clock } = engine;
  const sessions = createMemberSessions(engine, await engine.fetchProxies(signal));
  const images = new Map<string, PreImage>();
  let group = taken;
  const atFirst = taken.step;

  async function save(change: GroupChange): Promise<void> {
    const events = change.events?.map((event) => ({ groupId: group.id, ...event }));
    const isSaved = await store.saveGroup(hold, group.state, { ...change, ...(events && { events }) }, signal);
    if (!isSaved) {
      await check();
      // The lease is ours and the state as we know it: another write came in between, and the next check tells which.
      throw new Interrupted('lost');
    }
    const { state = group.state, step = group.step, pending = group.pending, problem = group.problem } = change;
    group = { ...group, state, step, pending, problem };
  }

  async function check(): Promise<void> {
    if (signal.aborted) throw new Interrupted('out-of-time');
    const news = await store.renewGroup(hold, times.leaseMs, signal);
    if (news === undefined) throw new Interrupted('lost');
    if (news.operationState === 'stopped') throw new Interrupted('stopped');
    const goesBack = news.operationState === 'rolling-back' || news.groupState === 'rolling-back';
    if (goesBack && group.state === 'running') throw new Interrupted('told-to-go-back');
    if (!news.writes.enabled) {
      const { reason } = news.writes;
      throw new Interrupted(
        'writes-off',
        reason === '' ? 'writes are switched off' : `writes are switched off: ${reason}`,
      );
    }
  }

  async function ask<T>(
    proxyId: string,
    question: (session: ControlSession, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(times.callMs)]);
    try {
      return await question(await sessions.get(proxyId, limit), limit);
    } catch (error) {
      if (signal.aborted) throw new Interrupted('out-of-time');
      throw error;
    }
  }

  const run: GroupRun = {
    engine,
    operation,
    get group() {
      return group;
    },
    signal,
    intent: undefined,
    get isTakenUp() {
      return group.step === atFirst;
    },
    controlOf: sessions.controlOf,
    ask,
    async change(proxyId, act) {
      await check();
      await ask(proxyId, act);
    },
    fetchLayers: (proxyId, modules, layers) =>
      ask(proxyId, (session, limit) => session.fetchConfig(modules, layers, limit)),
    async preImageOf(proxyId) {
      const known = images.get(proxyId);
      if (known !== undefined) return known;
      const sealed = await store.fetchPreImage(operation.id, proxyId, signal);
      if (sealed === undefined) throw new ProxywatchError('CONFLICT', `the pre-image of ${proxyId} is gone`);
      const image = await openPreImage(engine.secrets, operation.id, proxyId, sealed, signal);
      images.set(proxyId, image);
      return image;
    },
    record: (step, pending, change = {}) => save({ ...change, step, pending }),
    save,
    note: (severity, message, proxyId) =>
      store.addEvents(operation.id, [{ groupId: group.id, severity, message, ...(proxyId && { proxyId }) }], signal),
    check,
    async turnBack() {
      const news = await store.renewGroup(hold, times.leaseMs, signal);
      if (news === undefined) throw new Interrupted('lost');
      if (news.groupState === 'rolling-back') group = { ...group, state: 'rolling-back' };
      else await save({ state: 'rolling-back', events: [{ severity: 'info', message: 'told to go back' }] });
    },
    async wait(ms) {
      const untilMs = clock.nowMs() + ms;
      do {
        await check();
        const leftMs = untilMs - clock.nowMs();
        await clock.wait(Math.max(0, Math.min(leftMs, times.leaseMs / 4, 2_000)), signal);
      } while (clock.nowMs() < untilMs);
      await check();
    },
    close: sessions.close,
  };
  return run;
}
