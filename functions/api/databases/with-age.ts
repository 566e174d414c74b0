import type { Answer } from '#api/answer';

const STALE_WARNING = { warning: '110 - "Response is Stale"' };

/** An answer that rests on one of the database configuration service: its age stands in the body, and in `Warning` if it has one. */
export function withAge({ status, headers, body }: Answer, staleSeconds: number): Answer {
  const aged = { ...(body as object), staleSeconds };
  return { status, headers: { ...headers, ...(staleSeconds > 0 && STALE_WARNING) }, body: aged };
}
