import { DEFAULT_RETENTION, daysByTable, type ScanRetention } from '../scan/retention.ts';

const NAMES = Object.keys(DEFAULT_RETENTION) as readonly (keyof ScanRetention)[];

/** The days that settings of the fleet name; `undefined` where they name none, or do not fit together. */
export function readRetention(settings: unknown): Partial<ScanRetention> | undefined {
  const given = fieldOf(settings, 'retention');
  const days = NAMES.flatMap((name) => {
    const value = fieldOf(given, name);
    return typeof value === 'number' ? [[name, value] as const] : [];
  });
  if (days.length === 0) return undefined;
  const retention: Partial<ScanRetention> = Object.fromEntries(days);
  return retentionProblem(retention) === undefined ? retention : undefined;
}

/** What is wrong with days that would replace the usual ones; `undefined` when nothing is. */
export function retentionProblem(retention: Partial<ScanRetention>): string | undefined {
  try {
    daysByTable({ ...DEFAULT_RETENTION, ...retention });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}
