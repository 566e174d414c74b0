import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { ProxyControl, VariableDefinition } from '@proxywatch/core/ports/proxy-control';
import type { ApiDeps } from '#api/api-deps';

/** Throws UNPROCESSABLE at `pointer` for a kind of proxy that cannot be controlled. */
export function controlOf({ controls }: Pick<ApiDeps, 'controls'>, kind: string, pointer: string): ProxyControl {
  const control = controls.get(kind);
  if (control !== undefined) return control;
  const known = [...controls.keys()].toSorted().join(', ');
  throw unprocessable(pointer, `there is no such kind of proxy; known are: ${known}`);
}

/** The variable, if it can take the value; else UNPROCESSABLE with what is known of it. */
export function checkValue({ variables }: ProxyControl, name: string, value: string): VariableDefinition {
  const definition = variables.find(name);
  if (definition === undefined) throw unprocessable('/name', 'there is no such variable');
  if (definition.refusal !== undefined) throw unprocessable('/name', definition.refusal);
  const problem = variables.problemOf(name, value);
  if (problem === undefined) return definition;
  const { type, range, isSecret } = definition;
  const allowed = range === undefined ? type : `${type} from ${range[0]} to ${range[1]}`;
  // What the catalogue says of a secret may repeat it.
  throw unprocessable(
    '/value',
    isSecret ? `expected ${allowed}` : `${problem} (${allowed}, default ${definition.default})`,
  );
}

export function unprocessable(pointer: string, message: string): ProxywatchError {
  return new ProxywatchError('UNPROCESSABLE', `${pointer}: ${message}`, { problems: [{ pointer, message }] });
}
