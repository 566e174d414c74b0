import { setTimeout as delay } from 'node:timers/promises';
import type { WorkUnit } from '../workload/work-unit.ts';
import { type Session, SqlError } from './sessions.ts';

export interface UnitObserver {
  onExecuted(): void;
  onFailed(errno: number): void;
}

/**
 * Runs the steps of a unit in order. A statement that fails ends the unit, with a ROLLBACK if there was a transaction;
 * rejects only when the session is lost. Once `hurry` aborts, thinking is over at once.
 */
export async function runUnit(
  unit: WorkUnit,
  session: Session,
  observer: UnitObserver,
  hurry: AbortSignal,
): Promise<void> {
  try {
    for (const step of unit.steps) {
      if (step.kind === 'think') {
        await delay(step.ms, undefined, { signal: hurry }).catch(() => undefined);
      } else {
        await session.query(step.sql);
        observer.onExecuted();
      }
    }
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    observer.onFailed(error.errno);
    if (unit.steps.length === 1) return;
    await session.query('ROLLBACK');
    observer.onExecuted();
  }
}
