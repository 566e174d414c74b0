/** From the widest to the narrowest: the narrower one wins. */
export const VARIABLE_SCOPES = ['fleet', 'namespace', 'proxy'] as const;
export type VariableScope = (typeof VARIABLE_SCOPES)[number];

/** A value that a variable is to have on all proxies of a kind within a scope. */
export interface VariableSetting {
  readonly id: string;
  readonly scope: VariableScope;
  /** Name of the namespace or id of the proxy; empty for the fleet. */
  readonly scopeName: string;
  /** Kind of proxy that has the variable. */
  readonly kind: string;
  readonly name: string;
  /** As the proxy takes it; sealed when it is secret, for the context `secretContextOf`. */
  readonly value: string;
  readonly isSecret: boolean;
}

export interface VariableHolder {
  readonly namespace: string;
  /** Without one: what holds for a proxy of the namespace that has no settings of its own. */
  readonly proxyId?: string;
}

/** Of each variable the setting that holds for a proxy, by name. `settings` are of one kind and may be of other scopes too. */
export function effectiveVariables<S extends VariableSetting>(
  settings: readonly S[],
  holder: VariableHolder,
): readonly S[] {
  const narrowest = new Map<string, S>();
  for (const setting of settings) {
    if (!holdsFor(setting, holder)) continue;
    const held = narrowest.get(setting.name);
    if (held === undefined || rankOf(setting) > rankOf(held)) narrowest.set(setting.name, setting);
  }
  return [...narrowest.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** What a secret value is sealed for: another variable's value does not open in its place. */
export function secretContextOf({ kind, name }: Pick<VariableSetting, 'kind' | 'name'>): string {
  return `variable:${kind}:${name}`;
}

function holdsFor({ scope, scopeName }: VariableSetting, { namespace, proxyId }: VariableHolder): boolean {
  if (scope === 'fleet') return true;
  return scopeName === (scope === 'namespace' ? namespace : proxyId);
}

function rankOf({ scope }: VariableSetting): number {
  return VARIABLE_SCOPES.indexOf(scope);
}
