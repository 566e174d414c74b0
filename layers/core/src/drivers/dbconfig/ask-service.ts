import { messageOf } from '../../domain/errors.ts';

export interface Question {
  readonly url: URL;
  readonly token: string | undefined;
  /** The answer that we have; the service may say that it is still right. */
  readonly etag: string | undefined;
  /** Statuses that say that there is no such thing. */
  readonly missing: readonly number[];
}

export type Reply =
  | { readonly kind: 'answer'; readonly text: string; readonly etag: string | undefined }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'missing' }
  /** It is there, and answers what it must not: asking again does not help. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** It cannot be reached, or says that it cannot answer now. */
  | { readonly kind: 'unavailable'; readonly reason: string };

/** One GET. Throws only what aborts it: `signal` should have a time limit. */
export async function askService(question: Question, maxBytes: number, signal: AbortSignal): Promise<Reply> {
  const { url, token, etag } = question;
  try {
    const response = await fetch(url, {
      headers: {
        accept: 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(etag === undefined ? {} : { 'if-none-match': etag }),
      },
      // The token is for this service, not for whomever it names.
      redirect: 'manual',
      signal,
    });
    const reply = replyOf(response, question);
    if (reply !== undefined) {
      await response.body?.cancel();
      return reply;
    }
    const text = await readText(response, maxBytes);
    if (text === undefined) return { kind: 'refused', reason: `it answers more than ${maxBytes} bytes` };
    return { kind: 'answer', text, etag: etagOf(response) };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'unavailable', reason: reasonOf(error) };
  }
}

/** `undefined`: the body is the answer. */
function replyOf(response: Response, { etag, missing }: Question): Reply | undefined {
  const { status } = response;
  if (status === 200) {
    const type = response.headers.get('content-type') ?? '';
    if (/^application\/json\s*(;|$)/i.test(type)) return undefined;
    return { kind: 'refused', reason: 'it answers something else than JSON' };
  }
  if (status === 304 && etag !== undefined) return { kind: 'unchanged' };
  if (missing.includes(status)) return { kind: 'missing' };
  const isTransient = status >= 500 || status === 408 || status === 429;
  return { kind: isTransient ? 'unavailable' : 'refused', reason: `it answers ${status}` };
}

/** `undefined`: it is longer. Counts what comes out of a compressed body. */
async function readText(response: Response, maxBytes: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function etagOf(response: Response): string | undefined {
  const etag = response.headers.get('etag') ?? undefined;
  return etag !== undefined && etag.length <= 256 ? etag : undefined;
}

/** fetch says "fetch failed"; why stands in the cause. Neither has the request's headers in it. */
function reasonOf(error: unknown): string {
  const cause = typeof error === 'object' && error !== null && 'cause' in error ? error.cause : undefined;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : messageOf(cause ?? error);
}
