import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { fetchOperation } from '@proxywatch/core/drivers/dcdb/control/operation-repository';
import { z } from 'zod';
import { accepted } from '#api/answer';
import { dryRunQuery, idParams, text } from '#api/fields';
import { route } from '#api/route';
import { actOnOperation, invokeAll, type OperationAction } from '../../control/act-on-operation.ts';
import { operationAnswer } from './operation-fields.ts';
import { findOperation } from './operation-find.ts';
import { operationResource } from './operation-resource.ts';

export const rollBackOperation = operationAction(
  'rollback',
  'rollBackOperation',
  'Takes the proxies of an operation back to before it',
  'While it goes on, or after it stopped, or for proxies that could not be put back: the same operation goes back. When it ' +
    'has ended another operation does it, which is refused by its guard where a proxy was changed since.',
);

export const cancelOperation = operationAction(
  'cancel',
  'cancelOperation',
  'Ends an operation as it is',
  'Groups that are done stay so, those under way go back, the others are left out. Of an operation that has ended: gives up ' +
    'the proxies that could not be put back, which are locked until then.',
);

export const resumeOperation = operationAction(
  'resume',
  'resumeOperation',
  'Has a stopped operation go on where it stopped',
  'Groups that failed are tried again.',
);

function operationAction(action: OperationAction, operationId: string, summary: string, description: string) {
  return route({
    module: 'namespaces',
    method: 'POST',
    path: `/v1/operations/{id}/actions/${action}`,
    operationId,
    summary,
    description,
    role: 'operator',
    params: idParams,
    query: dryRunQuery,
    body: z.strictObject({ reason: text(1000).optional() }),
    example: { reason: 'more errors than expected' },
    answers: {
      200: { description: 'dry run: what the operation would be', schema: operationAnswer },
      202: { description: 'the operation that goes on; ask its location', schema: operationAnswer },
      404: { description: 'there is no such operation, or none that the caller may see' },
      409: { description: 'the operation is in no state for this, or another one has one of its proxies' },
      422: { description: 'there is nothing to take back' },
    },
    async handle(deps, request) {
      const { caller, signal, body } = request;
      const { id, namespace } = await findOperation(deps.db, request.params.id, 'operator', request);
      const reason = body.reason ?? request.reason;
      let goesOn: Awaited<ReturnType<typeof fetchOperation>>;
      const answer = await request.change(async (tx, audit) => {
        const next = await actOnOperation(tx, { operationId: id, action, reason, by: caller.name }, signal);
        goesOn = await fetchOperation(tx, next, signal);
        if (goesOn === undefined) throw new ProxywatchError('INTERNAL', 'an operation that goes on is not there');
        audit({
          action,
          resourceType: 'operation',
          resourceId: id,
          namespace,
          after: { operation: next, state: goesOn.state },
          reason,
        });
        return accepted(`/v1/operations/${next}`, operationResource(goesOn, []));
      });
      if (!request.dryRun && goesOn !== undefined) await invokeAll(deps, goesOn);
      return answer;
    },
  });
}
