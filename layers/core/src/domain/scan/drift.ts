import type { ModuleChecksum } from '../proxy-state.ts';

/** A module that runs something else than it was given. */
export interface DriftMemory {
  /** Checksum of what runs. */
  readonly running: string;
  readonly isTold: boolean;
}

export interface DriftChange {
  readonly module: string;
  readonly kind: 'begin' | 'end';
  readonly applied: string;
  readonly running: string;
}

/**
 * Which modules drift now, and what of that is to be told. A module drifts when it runs the same wrong configuration at two
 * looks in a row: right after a change, what was applied may be known a moment later than what runs.
 *
 * Nothing is compared, and all is remembered, while either side is not known. A module of which nobody knows any more what
 * it was given is forgotten.
 */
export function nextDrift(
  before: ReadonlyMap<string, DriftMemory> | undefined,
  applied: Readonly<Record<string, string>> | undefined,
  checksums: readonly ModuleChecksum[] | undefined,
): { readonly drift: ReadonlyMap<string, DriftMemory> | undefined; readonly changes: readonly DriftChange[] } {
  if (applied === undefined || checksums === undefined) return { drift: before, changes: [] };
  const runs = new Map(checksums.map(({ name, checksum }) => [name, checksum]));
  const drift = new Map<string, DriftMemory>();
  const changes: DriftChange[] = [];
  for (const [module, given] of Object.entries(applied)) {
    const running = runs.get(module);
    const known = before?.get(module);
    if (running === undefined || running === '') {
      if (known) drift.set(module, known);
    } else if (running === given) {
      if (known?.isTold) changes.push({ module, kind: 'end', applied: given, running });
    } else {
      drift.set(module, { running, isTold: known?.isTold ?? false });
      if (known && !known.isTold && known.running === running) {
        changes.push({ module, kind: 'begin', applied: given, running });
      }
    }
  }
  return { drift, changes };
}
