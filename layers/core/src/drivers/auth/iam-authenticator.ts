import { ProxywatchError } from '../../domain/errors.ts';
import type { Authenticator } from '../../ports/authenticator.ts';

const ARN = /^arn:[a-z0-9-]+:(iam|sts)::\d{12}:\S{1,180}$/;
const ASSUMED = /^arn:([a-z0-9-]+):sts::(\d{12}):assumed-role\/([^/]+)\/[^/]+$/;

/** Believes API Gateway, which checked the signature (SigV4) of an IAM principal before it invoked us. */
export function createIamAuthenticator(): Authenticator {
  return {
    challenge: 'AWS4-HMAC-SHA256',
    async authenticate({ iamArn }) {
      if (iamArn === undefined || !ARN.test(iamArn)) {
        throw new ProxywatchError('UNAUTHENTICATED', 'this needs a request signed by an IAM principal (SigV4)');
      }
      return { name: principalArnOf(iamArn), groups: [] };
    },
  };
}

/** A session of a role is as good as the role; the name of the session is whatever its holder likes. */
export function principalArnOf(arn: string): string {
  const [, partition, account, role] = ASSUMED.exec(arn) ?? [];
  return role === undefined ? arn : `arn:${partition}:iam::${account}:role/${role}`;
}
