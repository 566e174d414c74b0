import type { Schema, UserName } from '../backend-users.ts';
import type { Random } from './random.ts';

/** What one session does without interruption: one statement, or a transaction. */
export interface WorkUnit {
  readonly user: UserName;
  readonly schema: Schema;
  readonly steps: readonly Step[];
}

export type Step =
  | { readonly kind: 'statement'; readonly sql: string }
  /** The application thinks, with its transaction open. */
  | { readonly kind: 'think'; readonly ms: number };

/** A kind of unit: the same statements every time, with other values. */
export interface Shape {
  readonly user: UserName;
  readonly schema: Schema;
  readonly build: (random: Random) => readonly Step[];
}

export function statement(sql: string): Step {
  return { kind: 'statement', sql };
}

/** A shape of one statement. */
export function shape(user: UserName, schema: Schema, sql: (random: Random) => string): Shape {
  return { user, schema, build: (random) => [statement(sql(random))] };
}
