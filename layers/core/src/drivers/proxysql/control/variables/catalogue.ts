import type { VariableCatalogue, VariableDefinition } from '../../../../ports/proxy-control.ts';
import { ADMIN_VARIABLES } from './admin-variables.ts';
import { MYSQL_VARIABLES } from './mysql-variables.ts';
import type { VariableForm } from './variable-form.ts';
import { TRAITS } from './variable-traits.ts';

const LONGEST_VALUE = 4_096;
// Of another version than the one that is known here.
const SOUNDS_SECRET = /password|credential|secret|token/i;

/** The variables of ProxySQL. Another version may have others: about those nothing is known. */
export const VARIABLES: VariableCatalogue = createCatalogue();

/** Whether a variable's value must not be shown, known or not. */
export function isSecretVariable(name: string): boolean {
  return VARIABLES.find(name)?.isSecret ?? SOUNDS_SECRET.test(name);
}

function createCatalogue(): VariableCatalogue {
  const all = [
    ...ADMIN_VARIABLES.map((form) => definitionOf('admin-', form)),
    ...MYSQL_VARIABLES.map((form) => definitionOf('mysql-', form)),
  ];
  const byName = new Map(all.map((definition) => [definition.name, definition]));
  return {
    all,
    find: (name) => byName.get(name),
    problemOf(name, value) {
      const definition = byName.get(name);
      return definition === undefined ? `there is no variable ${JSON.stringify(name)}` : problemOf(definition, value);
    },
  };
}

function definitionOf(prefix: string, [suffix, byDefault, ...range]: VariableForm): VariableDefinition {
  const name = `${prefix}${suffix}`;
  const refusal = TRAITS.refusals.get(name);
  const [least, most] = range;
  return {
    name,
    type: typeof byDefault === 'boolean' ? 'boolean' : typeof byDefault === 'number' ? 'integer' : 'string',
    ...(least !== undefined && most !== undefined && { range: [least, most] as const }),
    default: String(byDefault),
    needsRestart: TRAITS.needsRestart.has(name),
    isSecret: TRAITS.secret.has(name),
    isGuarded: TRAITS.guarded(name),
    ...(refusal !== undefined && { refusal }),
  };
}

/** The proxy would take a wrong value without a word and keep the old one, or make 0 of it. */
function problemOf({ name, type, range, refusal }: VariableDefinition, value: string): string | undefined {
  if (refusal !== undefined) return `${name} is left alone: ${refusal}`;
  if (value.includes('\0') || !value.isWellFormed()) return `${name} takes no NUL and no half of a surrogate pair`;
  if (Buffer.byteLength(value) > LONGEST_VALUE) return `${name} takes at most ${LONGEST_VALUE} bytes`;
  if (type === 'boolean' && !/^(?:true|false|0|1)$/i.test(value)) return `${name} is true or false`;
  if (type !== 'integer') return undefined;
  if (!/^-?\d{1,15}$/.test(value)) return `${name} is a whole number`;
  const [least = 0, most = 0] = range ?? [];
  return Number(value) < least || Number(value) > most ? `${name} is from ${least} to ${most}` : undefined;
}
