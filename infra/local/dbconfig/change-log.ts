import { randomBytes } from 'node:crypto';
import type { DatabaseChange, DatabaseChanges } from '@proxywatch/core/ports/database-config';

const KEPT = 1_000;
const AT_ONCE = 100;

export interface ChangeLog {
  add(change: DatabaseChange): void;
  /** `undefined`: the cursor is of another life of the server, or so old that changes behind it are gone. */
  since(cursor: string | undefined): DatabaseChanges | undefined;
}

/** The latest changes. A cursor names the server's life and the number of the last change that it covers. */
export function createChangeLog(life = randomBytes(4).toString('hex')): ChangeLog {
  const changes: DatabaseChange[] = [];
  /** Changes that were added and are not kept any more. */
  let gone = 0;
  const cursorAt = (count: number) => `${life}-${count}`;

  function countOf(cursor: string): number | undefined {
    const [, ofLife, digits] = /^([0-9a-f]+)-(\d{1,15})$/.exec(cursor) ?? [];
    const count = Number(digits);
    return ofLife === life && count >= gone && count <= gone + changes.length ? count : undefined;
  }

  return {
    add(change) {
      changes.push(change);
      if (changes.length > KEPT) gone += changes.splice(0, changes.length - KEPT).length;
    },
    since(cursor) {
      const from = cursor === undefined ? gone : countOf(cursor);
      if (from === undefined) return undefined;
      const items = changes.slice(from - gone, from - gone + AT_ONCE);
      return { items, cursor: cursorAt(from + items.length) };
    },
  };
}
