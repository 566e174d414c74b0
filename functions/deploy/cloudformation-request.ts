import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { z } from 'zod';

const schema = z.object({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  /** Whoever has it may answer: it is never logged. */
  ResponseURL: z.url({ protocol: /^https?$/ }),
  StackId: z.string().min(1),
  RequestId: z.string().min(1),
  LogicalResourceId: z.string().min(1),
  PhysicalResourceId: z.string().min(1).optional(),
});

/** What CloudFormation sends to the function behind a custom resource; its properties only tell that something changed. */
export type CloudFormationRequest = z.infer<typeof schema>;

/** Throws REQUEST_INVALID for an event that is none: nobody could be answered. */
export function parseCloudFormationRequest(event: unknown): CloudFormationRequest {
  const { success, data } = schema.safeParse(event);
  if (success) return data;
  throw new ProxywatchError('REQUEST_INVALID', 'the event is no request of CloudFormation for a custom resource');
}

/** The same from the first request to the last: a new one would have CloudFormation replace the resource. */
export function physicalIdOf({ PhysicalResourceId, LogicalResourceId }: CloudFormationRequest): string {
  return PhysicalResourceId ?? `proxywatch-deploy-${LogicalResourceId}`;
}
