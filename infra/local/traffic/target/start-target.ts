import { setTimeout as delay } from 'node:timers/promises';
import type { HostPort } from '@proxywatch/core/config/address-fields';
import { messageOf } from '@proxywatch/core/domain/errors';
import type { Workload } from '../workload/create-workload.ts';
import type { WorkUnit } from '../workload/work-unit.ts';
import { createBell } from './bell.ts';
import { createPace } from './pace.ts';
import { runUnit } from './run-unit.ts';
import { createSessions } from './sessions.ts';

export interface TargetOptions {
  readonly address: HostPort;
  readonly workload: Workload;
  /** Statements per second. */
  readonly rate: number;
  /** Units under way at once. @default 8 */
  readonly concurrency?: number;
  /** @default 3000 */
  readonly connectTimeoutMs?: number;
  /** Longer than any lock wait of the lab: a statement given up may still count at the proxy. @default 60000 */
  readonly statementTimeoutMs?: number;
  readonly log: (line: string) => void;
}

export interface TargetStatus {
  readonly address: string;
  readonly up: boolean;
  readonly executed: number;
  /** Failed statements by error number. */
  readonly failed: Readonly<Record<string, number>>;
  /** Units whose session was lost. */
  readonly lost: number;
  readonly inFlight: number;
  /** True once every statement of the workload was sent since the proxy was last away. */
  readonly warm: boolean;
}

/** The traffic of one proxy. */
export interface Target {
  /** Resolves once nothing is in flight any more; nothing new starts until `resume`. */
  pause(): Promise<void>;
  resume(): void;
  /** As pause, for good; ends the sessions. */
  stop(): Promise<void>;
  status(): TargetStatus;
}

/** The warm-up is faster than the rate: the proxy knows every statement soon after the start. */
const WARM_UP_MS = 3_000;
const MAX_WARM_UP_RATE = 1_000;
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 3_000;

export function startTarget(options: TargetOptions): Target {
  const { address, workload, rate, concurrency = 8, log } = options;
  const { connectTimeoutMs = 3_000, statementTimeoutMs = 60_000 } = options;
  const name = `${address.host}:${address.port}`;
  const sessions = createSessions({ ...address, connectTimeoutMs, statementTimeoutMs });
  const pace = createPace(() => performance.now());
  const warmUpRate = Math.max(rate, Math.min(MAX_WARM_UP_RATE, workload.warmUpUnits / (WARM_UP_MS / 1_000)));
  const changed = createBell();
  const failed = new Map<number, number>();

  let state: 'running' | 'paused' | 'stopped' = 'running';
  /** Aborts when everything under way is to come to its end. */
  let hurry = new AbortController();
  /** Attempts in a row that did not reach the proxy; 0 while it is there. */
  let failures = 0;
  let inFlight = 0;
  let [executed, lost, warmedUp, next] = [0, 0, 0, 0];

  const observer = {
    onExecuted: () => {
      executed += 1;
    },
    onFailed: (errno: number) => {
      failed.set(errno, (failed.get(errno) ?? 0) + 1);
    },
  };

  function takeUnit(): WorkUnit {
    if (warmedUp < workload.warmUpUnits) return workload.warmUpUnit(warmedUp++);
    return workload.unitAt(next++);
  }

  async function run(unit: WorkUnit): Promise<void> {
    // What was under way when the proxy went away says nothing about whether it is back.
    const isAttempt = failures > 0;
    inFlight += 1;
    try {
      await sessions.use(unit, (session) => runUnit(unit, session, observer, hurry.signal));
      if (isAttempt) {
        failures = 0;
        log(`${name}: back`);
      }
    } catch (error) {
      lost += 1;
      if (failures === 0) log(`${name}: ${messageOf(error)}`);
      failures = isAttempt ? failures + 1 : Math.max(failures, 1);
      // A proxy that started over has forgotten every statement.
      warmedUp = 0;
      await sessions.close();
    } finally {
      inFlight -= 1;
      changed.ring();
    }
  }

  async function loop(): Promise<void> {
    let unit: WorkUnit | undefined;
    while (state !== 'stopped') {
      // While the proxy is away one unit at a time finds out whether it is back.
      const limit = failures > 0 ? 1 : concurrency;
      if (state === 'paused' || inFlight >= limit) {
        await changed.heard();
        continue;
      }
      const isWarming = warmedUp < workload.warmUpUnits;
      unit ??= takeUnit();
      const waitMs = Math.max(retryMs(failures), pace.take(unit.steps.length, isWarming ? warmUpRate : rate));
      if (waitMs > 0) await delay(waitMs, undefined, { signal: hurry.signal }).catch(() => undefined);
      if (state !== 'running') continue;
      void run(unit);
      unit = undefined;
    }
  }

  async function untilIdle(): Promise<void> {
    hurry.abort();
    changed.ring();
    while (inFlight > 0) await changed.heard();
  }

  const looping = loop();
  return {
    async pause() {
      if (state === 'running') state = 'paused';
      await untilIdle();
    },
    resume() {
      if (state !== 'paused') return;
      state = 'running';
      hurry = new AbortController();
      changed.ring();
    },
    async stop() {
      state = 'stopped';
      await untilIdle();
      await looping;
      await sessions.close();
    },
    status: () => ({
      address: name,
      up: failures === 0,
      executed,
      failed: Object.fromEntries(failed),
      lost,
      inFlight,
      warm: warmedUp >= workload.warmUpUnits,
    }),
  };
}

function retryMs(failures: number): number {
  return failures === 0 ? 0 : Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), MAX_RETRY_MS);
}
