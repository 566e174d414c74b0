import { ProxywatchError } from '../errors.ts';
import { EVERY_NAMESPACE, highestRole, includesRole, type Role } from './role.ts';

/** Who speaks, as the authentication found out. */
export interface Principal {
  /** `sub` of a token, or the ARN of an IAM principal. */
  readonly name: string;
  readonly groups: readonly string[];
}

export interface RoleBinding {
  readonly subjectKind: 'user' | 'group';
  readonly subject: string;
  readonly role: Role;
  /** A namespace's name, or `*`. */
  readonly namespace: string;
}

/** A principal with what it may do. */
export interface Caller {
  readonly name: string;
  /** Its role in a namespace; `undefined`: it may not even know that there is such a namespace. */
  roleIn(namespace: string): Role | undefined;
  /** Its role for what belongs to no namespace. */
  readonly fleetRole: Role | undefined;
  /** Its highest role anywhere. */
  readonly highestRole: Role | undefined;
  /** Namespaces that it may see; `*`: all. */
  readonly namespaces: readonly string[] | typeof EVERY_NAMESPACE;
}

/** What the bindings, of anybody, give to this principal. */
export function createCaller(principal: Principal, bindings: readonly RoleBinding[]): Caller {
  const roles = new Map<string, Role>();
  for (const { subjectKind, subject, role, namespace } of bindings) {
    const isMine = subjectKind === 'user' ? subject === principal.name : principal.groups.includes(subject);
    if (isMine && !includesRole(roles.get(namespace), role)) roles.set(namespace, role);
  }
  const fleetRole = roles.get(EVERY_NAMESPACE);
  return {
    name: principal.name,
    fleetRole,
    highestRole: highestRole(roles.values()),
    roleIn: (namespace) => highestRole([fleetRole, roles.get(namespace)].filter((role) => role !== undefined)),
    namespaces: fleetRole === undefined ? [...roles.keys()].toSorted() : EVERY_NAMESPACE,
  };
}

/**
 * Throws unless the caller has the role in the namespace: NOT_FOUND where it has none, so that nobody learns what there is,
 * FORBIDDEN where it has a lower one. `what` names the resource for the message.
 */
export function requireRole(caller: Caller, role: Role, namespace: string, what: string): void {
  const held = caller.roleIn(namespace);
  if (held === undefined) throw new ProxywatchError('NOT_FOUND', `there is no ${what}`);
  if (!includesRole(held, role)) {
    throw new ProxywatchError('FORBIDDEN', `this needs the role ${role} in the namespace, yours is ${held}`);
  }
}

/** Throws FORBIDDEN unless the caller has the role for all namespaces. */
export function requireFleetRole(caller: Caller, role: Role): void {
  if (!includesRole(caller.fleetRole, role)) {
    throw new ProxywatchError('FORBIDDEN', `this needs the role ${role} for all namespaces`);
  }
}
