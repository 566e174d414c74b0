import { EVERYDAY_SHAPES } from './everyday-shapes.ts';
import { randomAt } from './random.ts';
import { FAILING_SHAPES, LONG_TRANSACTION_SHAPES, SLOW_SHAPES, TRANSACTION_SHAPES } from './rare-shapes.ts';
import { reportShape } from './report-shapes.ts';
import type { Shape, WorkUnit } from './work-unit.ts';
import { createZipf } from './zipf.ts';

export interface WorkloadOptions {
  /** Different statements: as many as the proxy will have digest rows. There are never fewer than MIN_DIGESTS. */
  readonly digests: number;
}

/** What is to be done, in which order; the same for the same seed. Pure: nothing here runs anything. */
export interface Workload {
  /** Units that bring every statement once; `warmUpUnit` counts from 0 up to here. */
  readonly warmUpUnits: number;
  warmUpUnit(index: number): WorkUnit;
  /** The n-th unit after the warm-up, n from 0 without end. */
  unitAt(index: number): WorkUnit;
}

// Shares of the units; the rest is everyday work.
const FAILING = 0.03;
const SLOW = 0.01;
const TRANSACTION = 0.03;
const LONG_TRANSACTION = 0.004;
const ZIPF_EXPONENT = 1.1;

const RARE_SHAPES = [...FAILING_SHAPES, ...SLOW_SHAPES, ...TRANSACTION_SHAPES, ...LONG_TRANSACTION_SHAPES];
const FIXED_SHAPES: readonly Shape[] = [...EVERYDAY_SHAPES, ...RARE_SHAPES];

/** All that is written by hand; fewer would leave kinds of statements out. */
export const MIN_DIGESTS = countStatements(FIXED_SHAPES);

export function createWorkload(seed: number, { digests }: WorkloadOptions): Workload {
  const reports = Array.from({ length: Math.max(0, digests - MIN_DIGESTS) }, (_, n) => reportShape(n));
  const everyday = [...EVERYDAY_SHAPES, ...reports];
  const warmUp = [...everyday, ...RARE_SHAPES];
  const zipf = createZipf(everyday.length, ZIPF_EXPONENT);

  function unit({ user, schema, build }: Shape, index: number): WorkUnit {
    return { user, schema, steps: build(randomAt(seed, index)) };
  }

  return {
    warmUpUnits: warmUp.length,
    warmUpUnit: (index) => unit(shapeAt(warmUp, index), -1 - index),
    unitAt(index) {
      const random = randomAt(~seed, index);
      let draw = random.next();
      for (const [share, shapes] of [
        [FAILING, FAILING_SHAPES],
        [SLOW, SLOW_SHAPES],
        [TRANSACTION, TRANSACTION_SHAPES],
        [LONG_TRANSACTION, LONG_TRANSACTION_SHAPES],
      ] as const) {
        if (draw < share) return unit(random.pick(shapes), index);
        draw -= share;
      }
      return unit(shapeAt(everyday, zipf(random.next())), index);
    },
  };
}

function shapeAt(shapes: readonly Shape[], index: number): Shape {
  const found = shapes[index];
  if (found === undefined) throw new RangeError(`no unit ${index}`);
  return found;
}

/** Statements that differ in their user, their schema or more than their numbers. */
function countStatements(shapes: readonly Shape[]): number {
  const keys = shapes.flatMap(({ user, schema, build }) =>
    build(randomAt(0, 0)).flatMap((step) =>
      step.kind === 'statement' ? [JSON.stringify([user, schema, step.sql.replaceAll(/\d+/g, '?')])] : [],
    ),
  );
  return new Set(keys).size;
}
