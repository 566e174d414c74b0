import { randomUUID } from 'node:crypto';
import type { ServerOverrideKind } from '@proxywatch/core/domain/control/server-overrides';
import { type FieldProblem, ProxywatchError } from '@proxywatch/core/domain/errors';
import {
  deleteServerOverride,
  insertServerOverride,
  lockNamespaceOfOverrides,
  updateServerOverride,
} from '@proxywatch/core/drivers/dcdb/servers/server-override-writes';
import { lockServerOverrides, type ServerOverrideRecord } from '@proxywatch/core/drivers/dcdb/servers/server-overrides';
import { type Answer, created, okRevised } from '#api/answer';
import type { ApiRequest, Audit, DcdbTransaction } from '#api/api-request';
import { rereadOverride } from './find-override.ts';
import { hasEnded, overrideResource } from './override-resource.ts';

export interface WantedOverride {
  readonly namespace: string;
  readonly host: string;
  readonly port: number;
  readonly hostgroup: number | null;
  readonly kind: ServerOverrideKind;
  readonly weight: number | null;
  readonly reason: string;
  readonly expiresAt: Date | null;
}

export interface PlaceOptions {
  readonly nowMs: number;
  /** There must be none in force. */
  readonly isNew: boolean;
  /** What the body calls its end. @default /expiresAt */
  readonly endPointer?: string;
}

type Changing = Pick<ApiRequest<unknown, unknown, unknown>, 'change' | 'signal' | 'caller'>;

/** A server cannot be kept and left out at once. */
const OPPOSITES: Readonly<Partial<Record<ServerOverrideKind, ServerOverrideKind>>> = { pin: 'ignore', ignore: 'pin' };

/**
 * Makes this override the one of its kind for the server in that hostgroup: one that ran out is replaced, one in force is
 * changed, or with `isNew` a CONFLICT. Whoever calls has made sure of the caller's role in the namespace.
 */
export function placeOverride(
  request: Changing,
  wanted: WantedOverride,
  action: string,
  { nowMs, isNew, endPointer }: PlaceOptions,
): Promise<Answer> {
  requireFuture(wanted, nowMs, endPointer);
  return request.change(async (tx, audit) => {
    const { signal } = request;
    if (!(await lockNamespaceOfOverrides(tx, wanted.namespace, signal))) throw noNamespace(wanted.namespace);
    const held = await lockServerOverrides(tx, wanted, signal);
    const inForce = held.filter((override) => !hasEnded(override, nowMs));
    const opposite = inForce.find(({ kind }) => kind === OPPOSITES[wanted.kind]);
    if (opposite !== undefined) throw conflict(wanted, opposite.kind);
    const before = inForce.find(({ kind }) => kind === wanted.kind);
    if (before !== undefined && isNew) throw conflict(wanted, wanted.kind);
    for (const ended of held.filter((override) => override.kind === wanted.kind && hasEnded(override, nowMs))) {
      await deleteServerOverride(tx, ended.id, signal);
    }
    const id = await write(tx, wanted, before, request);
    const after = overrideResource(await rereadOverride(tx, id, signal), nowMs);
    noteChange(audit, action, {
      id,
      namespace: wanted.namespace,
      before: before && overrideResource(before, nowMs),
      after,
    });
    return before === undefined ? created(`/v1/databases/overrides/${id}`, after) : okRevised(after);
  });
}

async function write(
  tx: DcdbTransaction,
  wanted: WantedOverride,
  before: ServerOverrideRecord | undefined,
  { caller, signal }: Changing,
): Promise<string> {
  const { weight, reason, expiresAt } = wanted;
  if (before !== undefined) {
    await updateServerOverride(tx, before.id, { weight, reason, expiresAt }, signal);
    return before.id;
  }
  const id = randomUUID();
  await insertServerOverride(tx, { ...wanted, id, createdBy: caller.name }, signal);
  return id;
}

export interface OverrideChange {
  readonly id: string;
  readonly namespace: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

export function noteChange(audit: Audit, action: string, { id, namespace, before, after }: OverrideChange): void {
  audit({ action, resourceType: 'server-override', resourceId: id, namespace, before, after });
}

/** One that is over already would change nothing, and hide that from whoever asked for it. */
export function requireFuture(
  { expiresAt }: Pick<WantedOverride, 'expiresAt'>,
  nowMs: number,
  pointer = '/expiresAt',
): void {
  if (expiresAt === null || expiresAt.getTime() > nowMs) return;
  throw unprocessable('the override would be over already', [{ pointer, message: 'expected a time in the future' }]);
}

export function unprocessable(message: string, problems: readonly FieldProblem[]): ProxywatchError {
  return new ProxywatchError('UNPROCESSABLE', message, { problems });
}

function noNamespace(namespace: string): ProxywatchError {
  return unprocessable(`there is no namespace ${namespace}`, [
    { pointer: '/namespace', message: 'there is no such namespace' },
  ]);
}

function conflict({ host, port, hostgroup }: WantedOverride, kind: ServerOverrideKind): ProxywatchError {
  const where = hostgroup === null ? 'for all hostgroups' : `in hostgroup ${hostgroup}`;
  return new ProxywatchError('CONFLICT', `the server ${host} port ${port} has an override (${kind}) ${where} already`);
}
