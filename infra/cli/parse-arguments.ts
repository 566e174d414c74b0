import { readFileSync } from 'node:fs';
import { ProxywatchError } from '@proxywatch/core/domain/errors';

/** A command line, before anybody knows which operation it is about. */
export interface Arguments {
  readonly words: readonly string[];
  /** Without dashes; several values of one name in their order. A flag without a value is `true`. */
  readonly flags: ReadonlyMap<string, readonly (string | true)[]>;
}

/** `--name value`, `--name=value`, `--name` alone; `-d` is short for `--data`. What comes behind `--` are words. */
export function parseArguments(args: readonly string[], isSwitch: (name: string) => boolean): Arguments {
  const words: string[] = [];
  const flags = new Map<string, (string | true)[]>();
  const add = (name: string, value: string | true) => flags.set(name, [...(flags.get(name) ?? []), value]);
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (arg === '--') {
      words.push(...args.slice(i + 1));
      break;
    }
    const [, name, value] = /^--([\w.[\]-]+)(?:=([\s\S]*))?$/.exec(arg === '-d' ? '--data' : arg) ?? [];
    if (name === undefined) {
      if (arg.startsWith('-') && arg !== '-') throw invalid(`${JSON.stringify(arg)} is no option`);
      words.push(arg);
    } else if (value !== undefined) add(name, value);
    else if (isSwitch(name) || args[i + 1] === undefined || args[i + 1]?.startsWith('--')) add(name, true);
    else {
      i += 1;
      add(name, args[i] ?? '');
    }
  }
  return { words, flags };
}

/** `@file` and `-` (standard input) stand for a text that does not belong on a command line, such as a password. */
export function textOf(value: string): string {
  if (value === '-') return readFileSync(0, 'utf8').replace(/\r?\n$/, '');
  if (!value.startsWith('@')) return value;
  try {
    return readFileSync(value.slice(1), 'utf8').replace(/\r?\n$/, '');
  } catch {
    throw invalid(`${value.slice(1)} cannot be read`);
  }
}

export function invalid(problem: string): ProxywatchError {
  return new ProxywatchError('CONFIG_INVALID', problem);
}
