import type { Role } from '@proxywatch/core/domain/access/role';
import { insertRevision } from '@proxywatch/core/drivers/dcdb/namespaces/namespace-revisions';
import { fetchNamespaceSpec, type SpecifiedNamespace } from '@proxywatch/core/drivers/dcdb/namespaces/namespace-specs';
import {
  fieldsOf,
  insertNamespace,
  type NamespaceFields,
  updateNamespace,
} from '@proxywatch/core/drivers/dcdb/namespaces/namespace-writes';
import { type Answer, created, okRevised } from '#api/answer';
import type { ApiRequest, DcdbTransaction } from '#api/api-request';
import { lockNamespace, present } from './find-namespace.ts';
import { requireSound } from './namespace-problems.ts';
import { documentOf, namespaceResource } from './namespace-resource.ts';

export type Changing = Pick<
  ApiRequest<unknown, unknown, unknown>,
  'change' | 'signal' | 'caller' | 'ifMatch' | 'reason'
>;

export interface Revising {
  readonly name: string;
  readonly role: Role;
  /** For the audit. */
  readonly action: string;
  /** @default - the reason of the request */
  readonly reason?: string;
  decide(before: NamespaceFields, tx: DcdbTransaction): NamespaceFields | Promise<NamespaceFields>;
}

/** Changes a namespace to what `decide` makes of it; what it was and what it becomes are kept as revisions. */
export function reviseNamespace(request: Changing, { name, role, action, reason, decide }: Revising): Promise<Answer> {
  const { signal } = request;
  return request.change(async (tx, audit) => {
    const before = await lockNamespace(tx, name, role, request);
    const fields = await decide(fieldsOf(before), tx);
    requireSound(fields);
    const isChanged = JSON.stringify(documentOf(fields)) !== JSON.stringify(documentOf(fieldsOf(before)));
    if (isChanged) {
      // One that came into being with a proxy, or was changed elsewhere, has left no trace yet.
      await keep(tx, before, { author: 'proxywatch', reason: 'as it was found' }, signal);
      await updateNamespace(tx, name, fields, signal);
    }
    const after = present(await fetchNamespaceSpec(tx, name, signal), name);
    if (isChanged) await keep(tx, after, { author: request.caller.name, reason: reason ?? request.reason }, signal);
    audit({
      action,
      resourceType: 'namespace',
      resourceId: name,
      namespace: name,
      before: namespaceResource(before),
      after: namespaceResource(after),
      ...(reason !== undefined && { reason }),
    });
    return okRevised(namespaceResource(after));
  });
}

/** Brings a namespace into being; whoever calls has made sure that the caller may. */
export function addNamespace(
  request: Changing,
  name: string,
  action: string,
  decide: (tx: DcdbTransaction) => NamespaceFields | Promise<NamespaceFields>,
): Promise<Answer> {
  const { signal } = request;
  return request.change(async (tx, audit) => {
    const fields = await decide(tx);
    requireSound(fields);
    await insertNamespace(tx, name, fields, signal);
    const after = present(await fetchNamespaceSpec(tx, name, signal), name);
    await keep(tx, after, { author: request.caller.name, reason: request.reason }, signal);
    const resource = namespaceResource(after);
    audit({ action, resourceType: 'namespace', resourceId: name, namespace: name, after: resource });
    return created(`/v1/namespaces/${encodeURIComponent(name)}`, resource);
  });
}

function keep(
  tx: DcdbTransaction,
  namespace: SpecifiedNamespace,
  by: { readonly author: string; readonly reason: string },
  signal: AbortSignal,
): Promise<void> {
  const { name, revision } = namespace;
  const document = documentOf(fieldsOf(namespace));
  return insertRevision(tx, { namespace: name, revision, document, ...by }, signal);
}
