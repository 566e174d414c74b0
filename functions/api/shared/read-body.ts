import { type FieldProblem, ProxywatchError } from '@proxywatch/core/domain/errors';
import { findDuplicateKeys } from './duplicate-keys.ts';
import { pointerOf } from './json-pointer.ts';

export const MAX_BODY_BYTES = 1_048_576;
/** Deeper than anything that the API takes. */
export const MAX_DEPTH = 32;

export interface RawBody {
  readonly body: string | null;
  readonly isBase64Encoded: boolean;
}

/** The text of a body; `undefined` when there is none. Throws REQUEST_TOO_LARGE, or REQUEST_INVALID for what is no UTF-8. */
export function readBodyText({ body, isBase64Encoded }: RawBody): string | undefined {
  if (body === null || body === '') return undefined;
  if (!isBase64Encoded) {
    if (Buffer.byteLength(body) > MAX_BODY_BYTES) throw tooLarge();
    return body;
  }
  // Four characters stand for three bytes: looked at first, so that nothing large is decoded.
  if (body.length > Math.ceil(MAX_BODY_BYTES / 3) * 4) throw tooLarge();
  const bytes = Buffer.from(body, 'base64');
  if (bytes.length > MAX_BODY_BYTES) throw tooLarge();
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw notRight('', 'is no UTF-8');
  }
}

/** Throws MEDIA_TYPE_UNSUPPORTED for anything but JSON in UTF-8. */
export function requireJson(contentType: string | undefined): void {
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';');
  const charsets = parameters
    .map((parameter) => parameter.trim())
    .filter((parameter) => parameter.startsWith('charset'));
  const isUtf8 = charsets.every((charset) => /^charset\s*=\s*"?utf-?8"?$/.test(charset));
  if (type.trim() === 'application/json' && isUtf8) return;
  throw new ProxywatchError('MEDIA_TYPE_UNSUPPORTED', 'a body is application/json in UTF-8');
}

/** Throws REQUEST_INVALID for what is no JSON, is nested too deeply, names a field twice, or holds what no text may hold. */
export function parseJsonBody(text: string): unknown {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw notRight('', 'is no valid JSON');
  }
  const oddities = findOddities(json);
  const problems = oddities.length > 0 ? oddities : findDuplicateKeys(text);
  if (problems.length > 0) throw invalid(problems);
  return json;
}

/** What no text may hold: U+0000, which ends strings elsewhere, and halves of characters, which have no UTF-8. */
export function isOddText(text: string): boolean {
  return text.includes('\0') || !text.isWellFormed();
}

/** Walks without recursion: who nests a million arrays shall not end the process. */
function findOddities(json: unknown): readonly FieldProblem[] {
  const problems: FieldProblem[] = [];
  const todo: { readonly value: unknown; readonly path: readonly PropertyKey[] }[] = [{ value: json, path: [] }];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const { value, path } = next;
    if (typeof value === 'string' && isOddText(value)) {
      problems.push({ pointer: pointerOf(path), message: 'holds U+0000 or half a character' });
    }
    if (typeof value !== 'object' || value === null) continue;
    if (path.length >= MAX_DEPTH) return [{ pointer: '', message: `is nested deeper than ${MAX_DEPTH} levels` }];
    for (const [key, child] of Object.entries(value)) {
      // The one name that assigning would not store but obey.
      if (key === '__proto__') problems.push({ pointer: pointerOf([...path, key]), message: 'unknown field' });
      else if (isOddText(key))
        problems.push({ pointer: pointerOf(path), message: 'a name holds U+0000 or half a character' });
      else todo.push({ value: child, path: [...path, key] });
    }
    if (problems.length > 20) break;
  }
  return problems;
}

function tooLarge(): ProxywatchError {
  return new ProxywatchError('REQUEST_TOO_LARGE', `a body has at most ${MAX_BODY_BYTES} bytes`);
}

function notRight(pointer: string, message: string): ProxywatchError {
  return invalid([{ pointer, message: `the body ${message}` }]);
}

function invalid(problems: readonly FieldProblem[]): ProxywatchError {
  return new ProxywatchError('REQUEST_INVALID', 'the body is not right', { problems });
}
