import { type FieldProblem, ProxywatchError } from '../../domain/errors.ts';

/** Line and column, both from 1, as Prometheus itself names places. */
export function placeOf(text: string, at: number): string {
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  return `line ${line}, column ${at - (before.lastIndexOf('\n') + 1) + 1}`;
}

/** A query that cannot be taken; `pointer` names where it came from. */
export function queryProblem(pointer: string, message: string): ProxywatchError {
  const problems: readonly FieldProblem[] = [{ pointer, message }];
  return new ProxywatchError('UNPROCESSABLE', `the query cannot be taken: ${message}`, { problems });
}

/** A PromQL string literal of these very characters. */
export function quotePromql(text: string): string {
  const escaped = text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n');
  // Go takes \x as a byte, which is the character itself below 0x80.
  return `"${escaped.replace(/[^\x20-\x7e\u0080-\u{10ffff}]/gu, hexEscape)}"`;
}

/** An RE2 expression that matches these very characters. */
export function escapeRe2(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}

const ESCAPE = String.raw`\\(?:[abfnrtv\\]|[0-3][0-7]{2}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})`;
const LITERALS: Readonly<Record<string, RegExp>> = {
  '"': new RegExp(String.raw`^"(?:[^"\\\n]|${ESCAPE}|\\")*"$`),
  "'": new RegExp(String.raw`^'(?:[^'\\\n]|${ESCAPE}|\\')*'$`),
  '`': /^`[^`]*`$/,
};

/** Whether Prometheus reads this token as one string: our grammar takes any escape, and a string that never ends. */
export function isStringLiteral(token: string): boolean {
  return LITERALS[token.charAt(0)]?.test(token) === true;
}

function hexEscape(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
