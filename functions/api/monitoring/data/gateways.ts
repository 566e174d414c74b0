import { type Caller, requireFleetRole } from '@proxywatch/core/domain/access/caller';
import type { Dcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { accessDcdb } from '@proxywatch/core/drivers/dcdb/dcdb-error';
import type { FleetRecords, ProxyOwner } from '@proxywatch/core/ports/fleet-observer';
import { z } from 'zod';
import { noContent, ok } from '#api/answer';
import type { AnyRequest } from '#api/api-request';
import { dryRunQuery, identifier } from '#api/fields';
import { whereNamespace } from '#api/list';
import { route } from '#api/route';
import { asConflict } from './as-conflict.ts';
import { fetchVisibleProxy } from './visible-proxy.ts';

const MAX_PROXIES = 10_000;

const gatewaysAnswer = z.strictObject({
  members: z.array(
    z.strictObject({
      id: z.string(),
      slot: z.string().nullable().meta({ description: 'null: a standby' }),
      address: z.string(),
      heardMsAgo: z.number(),
      assigned: z.int(),
      holds: z.int(),
      series: z.number().meta({ description: 'its load' }),
      plans: z.boolean(),
      isScraped: z.boolean(),
      isLeaving: z.boolean(),
      isDrained: z.boolean(),
    }),
  ),
  waitingSlots: z
    .array(
      z.strictObject({
        slot: z.string(),
        kind: z.enum(['left', 'silent']),
        waitedMs: z.number(),
        lastMember: z.string(),
        assigned: z.int(),
      }),
    )
    .meta({ description: 'hand-overs: slots whose proxies wait for a successor' }),
  drainedSlots: z.array(z.string()),
  planner: z.string().nullable(),
  assignmentAgeMs: z.number().nullable(),
  proxies: z
    .array(
      z.strictObject({
        proxy: z.string(),
        namespace: z.string(),
        slot: z.string().nullable().meta({ description: 'that it is assigned to' }),
        owner: z.string().nullable().meta({ description: 'who holds its lease; null: nobody collects from it now' }),
        leaseLeftMs: z.number().nullable(),
        series: z.number().nullable(),
        pinnedTo: z.string().nullable(),
        isMoving: z.boolean().meta({ description: 'its owner is not at the slot that it is assigned to' }),
      }),
    )
    .meta({ description: 'of the namespaces that the caller may see' }),
  moving: z.int(),
  withoutOwner: z.int(),
});

export const getGateways = route({
  module: 'monitoring',
  method: 'GET',
  path: '/v1/monitoring/gateways',
  operationId: 'getGateways',
  summary: 'How the gateways share the proxies: members, slots, assignment, load, moves and hand-overs',
  role: 'viewer',
  answers: { 200: { description: 'the fleet as of one moment', schema: gatewaysAnswer } },
  async handle({ db, fleet }, { caller, signal }) {
    const records = await fleet.fetchRecords(signal);
    const proxies = await fetchProxies(db, caller, signal);
    const owners = await fleet.fetchOwners(
      proxies.map(({ id }) => id),
      signal,
    );
    const shown = proxies.map((proxy) => proxyOf(proxy, records, owners));
    return ok({
      members: membersOf(records),
      waitingSlots: records.waitingSlots.map(({ name, kind, waitedMs, lastMemberId }) => ({
        ...{ slot: name, kind, waitedMs, lastMember: lastMemberId },
        assigned: assignedTo(name, records),
      })),
      drainedSlots: [...records.drainedSlots].toSorted(),
      planner: records.plannerId ?? null,
      assignmentAgeMs: records.assignmentAgeMs ?? null,
      proxies: shown,
      moving: shown.filter(({ isMoving }) => isMoving).length,
      withoutOwner: shown.filter(({ owner }) => owner === null).length,
    });
  },
});

interface KnownProxy {
  readonly id: string;
  readonly namespace: string;
}

function fetchProxies(db: Dcdb, caller: Caller, signal: AbortSignal): Promise<readonly KnownProxy[]> {
  const proxies = db.selectFrom('proxies').select(['id', 'namespace']).where('state', 'not in', ['retired', 'paused']);
  const visible = whereNamespace(proxies, 'namespace', caller).orderBy('id').limit(MAX_PROXIES);
  return accessDcdb(() => visible.execute({ signal }));
}

function membersOf(records: FleetRecords) {
  return records.members.map(({ id, slot, advertise, heartbeatAgeMs, holds, isScraped, isDraining }) => ({
    id,
    slot: slot ?? null,
    address: advertise,
    heardMsAgo: heartbeatAgeMs,
    assigned: slot === undefined ? 0 : assignedTo(slot, records),
    holds: Object.keys(holds).length,
    series: Object.values(holds).reduce((sum, series) => sum + series, 0),
    plans: id === records.plannerId,
    isScraped,
    isLeaving: isDraining,
    isDrained: slot !== undefined && records.drainedSlots.has(slot),
  }));
}

function assignedTo(slot: string, { assignment }: FleetRecords): number {
  return [...assignment.values()].filter((name) => name === slot).length;
}

function proxyOf({ id, namespace }: KnownProxy, records: FleetRecords, owners: ReadonlyMap<string, ProxyOwner>) {
  const owner = owners.get(id);
  const slot = records.assignment.get(id);
  const holder = records.members.find((member) => member.id === owner?.memberId);
  return {
    proxy: id,
    namespace,
    slot: slot ?? null,
    owner: owner?.memberId ?? null,
    leaseLeftMs: owner?.remainingMs ?? null,
    series: holder?.holds[id] ?? null,
    pinnedTo: records.pins.get(id) ?? null,
    isMoving: owner !== undefined && slot !== undefined && holder?.slot !== slot,
  };
}

const slotBody = z.strictObject({
  slot: z.string().regex(/^slot-[1-9]\d{0,2}$/, { error: 'expected slot-1, slot-2, …' }),
});

const drainRoute = (verb: 'drain' | 'undrain', summary: string) =>
  route({
    module: 'monitoring',
    method: 'POST',
    path: `/v1/monitoring/gateways/actions/${verb}`,
    operationId: `${verb}GatewaySlot`,
    summary,
    role: 'operator',
    query: dryRunQuery,
    body: slotBody,
    example: { slot: 'slot-2' },
    answers: { 204: { description: 'with the next heartbeats of the gateways it takes effect' } },
    async handle({ membership }, request) {
      requireFleetRole(request.caller, 'operator');
      const { body, signal, dryRun } = request;
      return request.change(async (_, audit) => {
        audit({ action: verb, resourceType: 'gateway-slot', resourceId: body.slot });
        if (!dryRun) await asConflict(membership.drain(body.slot, verb === 'drain', signal));
        return noContent();
      });
    },
  });

export const drainGatewaySlot = drainRoute('drain', 'Empty a slot: its proxies move to the others, it gets none');
export const undrainGatewaySlot = drainRoute('undrain', 'Let a slot be used again');

export const pinProxy = route({
  module: 'monitoring',
  method: 'POST',
  path: '/v1/monitoring/gateways/actions/pin',
  operationId: 'pinProxy',
  summary: 'Keep a proxy at a slot, against any balance',
  role: 'operator',
  query: dryRunQuery,
  body: z.strictObject({ proxy: identifier(), ...slotBody.shape }),
  example: { proxy: 'lab-1', slot: 'slot-1' },
  answers: {
    204: { description: 'it goes there as soon as a gateway has that slot' },
    404: { description: 'there is no such proxy' },
  },
  handle: ({ db, membership }, request) => {
    const { proxy, slot } = request.body;
    return pin(db, request, 'pin', proxy, slot, () => membership.pin(proxy, slot, request.signal));
  },
});

export const unpinProxy = route({
  module: 'monitoring',
  method: 'POST',
  path: '/v1/monitoring/gateways/actions/unpin',
  operationId: 'unpinProxy',
  summary: 'Let a proxy move again',
  role: 'operator',
  query: dryRunQuery,
  body: z.strictObject({ proxy: identifier() }),
  example: { proxy: 'lab-1' },
  answers: {
    204: { description: 'it moves when balance asks for it' },
    404: { description: 'there is no such proxy' },
  },
  handle: ({ db, membership }, request) => {
    const { proxy } = request.body;
    return pin(db, request, 'unpin', proxy, undefined, () => membership.pin(proxy, undefined, request.signal));
  },
});

type PinRequest = Pick<AnyRequest, 'caller' | 'signal' | 'dryRun' | 'change'>;

/** Where a proxy is collected from concerns all gateways, so the role for all namespaces is needed. */
async function pin(
  db: Dcdb,
  request: PinRequest,
  action: string,
  proxy: string,
  slot: string | undefined,
  write: () => Promise<void>,
) {
  const { caller, signal, dryRun } = request;
  const { namespace } = await fetchVisibleProxy(db, proxy, caller, 'viewer', signal);
  requireFleetRole(caller, 'operator');
  return request.change(async (_, audit) => {
    const resource = { action, resourceType: 'gateway-pin', resourceId: proxy, namespace };
    audit(slot === undefined ? resource : { ...resource, after: { slot } });
    if (!dryRun) await asConflict(write());
    return noContent();
  });
}
