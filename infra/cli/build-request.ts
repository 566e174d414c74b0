import { randomUUID } from 'node:crypto';
import { type FoundCommand, usageOf } from './find-command.ts';
import type { Command, Schema } from './operations.ts';
import { type Arguments, invalid, textOf } from './parse-arguments.ts';

export interface CliRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

type Flags = Arguments['flags'];

/** Flags that say how to ask and how to show, whatever is asked. */
export const COMMON_FLAGS = ['json', 'wait', 'no-wait', 'reason', 'if-match', 'idempotency-key', 'as', 'data', 'help'];

/**
 * The request of a command: flags become query parameters, or properties of the body where it has one of that name; both
 * may be written in kebab case. Throws CONFIG_INVALID for a flag that the operation does not know.
 */
export function buildRequest({ command, args }: FoundCommand, flags: Flags): CliRequest {
  const query = new URLSearchParams();
  const body: Record<string, unknown> = dataOf(command, flags);
  for (const [flag, values] of flags) {
    if (COMMON_FLAGS.includes(flag)) continue;
    const parameter = command.query.find(
      ({ name }) => name === flag || kebabOf(name) === flag || filterOf(flag) === name,
    );
    const property = propertyOf(command, flag);
    if (parameter !== undefined)
      for (const value of values) query.append(parameter.name, value === true ? 'true' : value);
    else if (property !== undefined) body[property.name] = typedValue(property, values);
    else throw invalid(`${usageOf(command)} has no option --${flag}`);
  }
  const path = command.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(args[name] ?? ''));
  const hasBody = command.body !== undefined;
  const reason = single(flags, 'reason');
  if (reason !== undefined && command.body?.reason !== undefined) body.reason = reason;
  return {
    method: command.method,
    path: query.size === 0 ? path : `${path}?${query}`,
    headers: {
      ...(hasBody ? { 'content-type': 'application/json' } : {}),
      ...(command.method === 'POST' ? { 'idempotency-key': single(flags, 'idempotency-key') ?? randomUUID() } : {}),
      ...named('x-reason', reason),
      ...named('if-match', single(flags, 'if-match')),
    },
    body: hasBody ? JSON.stringify(body) : undefined,
  };
}

export function single(flags: Flags, name: string): string | undefined {
  const value = flags.get(name)?.at(-1);
  if (value === true) throw invalid(`--${name} has no value`);
  return value;
}

export function kebabOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `--namespace shop` is the filter of that name, `--updatedAt.lt …` the one with an operator. */
function filterOf(flag: string): string {
  const [field = '', operator] = flag.split('.');
  const name = field.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return operator === undefined ? `filter[${name}]` : `filter[${name}][${operator}]`;
}

interface Property {
  readonly name: string;
  readonly schema: Schema;
  /** `--no-active` */
  readonly isNegated: boolean;
}

function propertyOf({ body = {} }: Command, flag: string): Property | undefined {
  for (const [name, schema] of Object.entries(body)) {
    if (flag === name || flag === kebabOf(name)) return { name, schema, isNegated: false };
    if (flag === `no-${kebabOf(name)}`) return { name, schema, isNegated: true };
  }
  return undefined;
}

/** The text of a flag as the type that the schema asks for; what is no such value goes out as it is, to be refused with a reason. */
function typedValue({ schema, isNegated, name }: Property, values: readonly (string | true)[]): unknown {
  const types = typesOf(schema);
  // What may be any of them, such as the value of a variable, is a text all right.
  const isAny = types.includes('string');
  if (types.includes('boolean') && !isAny)
    return isNegated ? false : values.at(-1) === true || values.at(-1) === 'true';
  if (isNegated && types.includes('null')) return null;
  const texts = values.map((value) => {
    if (value === true) throw invalid(`--${kebabOf(name)} has no value`);
    return textOf(value);
  });
  if (types.includes('array')) return arrayOf(schema, texts);
  const text = texts.at(-1) ?? '';
  if ((types.includes('integer') || types.includes('number')) && !isAny && /^-?\d+(\.\d+)?$/.test(text))
    return Number(text);
  if (types.includes('null') && text === 'null') return null;
  return types.includes('object') || types.length === 0 ? jsonOr(text) : text;
}

function arrayOf({ items = {} }: Schema, texts: readonly string[]): unknown {
  const [only = ''] = texts;
  if (texts.length === 1 && only.startsWith('[')) return jsonOr(only);
  const parts = texts
    .flatMap((text) => (text.startsWith('{') ? [text] : text.split(',')))
    .filter((part) => part !== '');
  return parts.map((part) => (typesOf(items).includes('string') ? part : jsonOr(part)));
}

function typesOf({ type, anyOf = [], oneOf = [], enum: values }: Schema): readonly string[] {
  if (type !== undefined) return typeof type === 'string' ? [type] : type;
  if (values !== undefined) return ['string'];
  return [...anyOf, ...oneOf].flatMap(typesOf);
}

function dataOf(command: Command, flags: Flags): Record<string, unknown> {
  const data = single(flags, 'data');
  if (data === undefined) return {};
  if (command.body === undefined) throw invalid(`${usageOf(command)} takes no data`);
  const parsed = jsonOr(textOf(data));
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw invalid('--data is no JSON object');
  return { ...parsed };
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function named(name: string, value: string | undefined): Readonly<Record<string, string>> {
  return value === undefined ? {} : { [name]: value };
}
