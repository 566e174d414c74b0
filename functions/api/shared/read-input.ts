import { type FieldProblem, ProxywatchError } from '@proxywatch/core/domain/errors';
import type { z } from 'zod';
import type { GatewayEvent } from './gateway-event.ts';
import { MAX_PROBLEMS, parseInput } from './parse-input.ts';
import { isOddText, parseJsonBody, readBodyText, requireJson } from './read-body.ts';
import { headerOf, type RequestHeaders } from './request-headers.ts';
import type { AnyRoute } from './route.ts';

export interface RequestInput {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/**
 * What the schemas of a route make of a request. Throws REQUEST_INVALID with all that is wrong anywhere in it, or
 * REQUEST_TOO_LARGE or MEDIA_TYPE_UNSUPPORTED.
 */
export function readInput(route: AnyRoute, event: GatewayEvent, headers: RequestHeaders): RequestInput {
  const json = route.body === undefined ? undefined : readJson(event, headers);
  const problems: FieldProblem[] = [];
  const params = readPart(route.params, paramsOf(event, problems), 'params', problems);
  const query = readPart(route.query, queryOf(event, problems), 'query', problems);
  let body: unknown;
  if (route.body !== undefined) body = parseInput(route.body, json, 'body', problems);
  else if (event.body) problems.push({ pointer: '', message: 'there is a body where none is taken' });
  if (problems.length === 0) return { params, query, body };
  // The first of a place explains the others.
  const firsts = [...Map.groupBy(problems, ({ pointer }) => pointer).values()].flatMap(([first]) => first ?? []);
  throw new ProxywatchError('REQUEST_INVALID', summaryOf(firsts), { problems: firsts.slice(0, MAX_PROBLEMS) });
}

function readJson(event: GatewayEvent, headers: RequestHeaders): unknown {
  const text = readBodyText(event);
  if (text === undefined) return undefined;
  requireJson(headerOf(headers, 'content-type'));
  return parseJsonBody(text);
}

function readPart(
  schema: z.ZodType | undefined,
  given: Readonly<Record<string, string>>,
  part: 'params' | 'query',
  problems: FieldProblem[],
): unknown {
  if (schema !== undefined) return parseInput(schema, given, part, problems);
  if (part === 'query') {
    problems.push(...Object.keys(given).map((name) => ({ pointer: `?${name}`, message: 'unknown parameter' })));
  }
  return {};
}

/** Values by name, on an object without a prototype: names come from strangers. */
function queryOf(event: GatewayEvent, problems: FieldProblem[]): Record<string, string> {
  const query: Record<string, string> = Object.create(null);
  for (const [name, values = []] of Object.entries(event.multiValueQueryStringParameters ?? {})) {
    const [value = ''] = values;
    if (values.length > 1) problems.push({ pointer: `?${name}`, message: 'given more than once' });
    else if (isOddText(value) || isOddText(name)) problems.push({ pointer: '?', message: ODD });
    else query[name] = value;
  }
  return query;
}

function paramsOf(event: GatewayEvent, problems: FieldProblem[]): Record<string, string> {
  const params: Record<string, string> = Object.create(null);
  for (const [name, given = ''] of Object.entries(event.pathParameters ?? {})) {
    const value = decoded(given);
    if (value === undefined) problems.push({ pointer: `{${name}}`, message: 'has a broken percent-encoding' });
    else if (isOddText(value)) problems.push({ pointer: `{${name}}`, message: ODD });
    else params[name] = value;
  }
  return params;
}

const ODD = 'holds U+0000 or half a character';

/** API Gateway leaves some escapes in; nothing that stands in our paths has a percent sign of its own. */
function decoded(text: string): string | undefined {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function summaryOf(problems: readonly FieldProblem[]): string {
  return problems.length === 1
    ? 'one thing is wrong with the request'
    : `${problems.length} things are wrong with the request`;
}
