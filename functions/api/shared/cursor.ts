import { createHmac, timingSafeEqual } from 'node:crypto';
import { ProxywatchError } from '@proxywatch/core/domain/errors';

/** Where a page ended: the value that it is sorted by, and the key of the last row. */
export interface PagePosition {
  readonly sort: string | number | null;
  readonly key: string | number;
}

/** Cursors are ours alone: signed, and good for the very list (route, filters, sort) that gave them. */
export interface CursorCodec {
  encode(list: string, position: PagePosition): Promise<string>;
  /** Throws REQUEST_INVALID for anything that `encode` did not make for this list. */
  decode(list: string, cursor: string): Promise<PagePosition>;
}

const MAC_BYTES = 16;
const CURSOR = /^[A-Za-z0-9_-]{1,4096}$/;

/** `fetchKey` is asked once; its failure is asked again. */
export function createCursorCodec(fetchKey: () => Promise<string>): CursorCodec {
  let fetched: Promise<string> | undefined;
  const key = () => {
    fetched ??= fetchKey().catch((error: unknown) => {
      fetched = undefined;
      throw error;
    });
    return fetched;
  };
  const macOf = async (list: string, payload: Buffer) =>
    createHmac('sha256', await key())
      .update(JSON.stringify(['cursor', list]))
      .update(payload)
      .digest()
      .subarray(0, MAC_BYTES);
  return {
    async encode(list, { sort, key: last }) {
      const payload = Buffer.from(JSON.stringify([sort, last]));
      return Buffer.concat([await macOf(list, payload), payload]).toString('base64url');
    },
    async decode(list, cursor) {
      if (!CURSOR.test(cursor)) throw invalidCursor();
      const bytes = Buffer.from(cursor, 'base64url');
      const mac = bytes.subarray(0, MAC_BYTES);
      const payload = bytes.subarray(MAC_BYTES);
      // base64url has several spellings of one value; only ours is taken.
      if (mac.length < MAC_BYTES || bytes.toString('base64url') !== cursor) throw invalidCursor();
      if (!timingSafeEqual(mac, await macOf(list, payload))) throw invalidCursor();
      const [sort, last] = JSON.parse(payload.toString('utf8'));
      return { sort, key: last };
    },
  };
}

function invalidCursor(): ProxywatchError {
  const message = 'is no cursor of this list with these filters and this sort order';
  return new ProxywatchError('REQUEST_INVALID', 'the cursor is not right', {
    problems: [{ pointer: '?cursor', message }],
  });
}
