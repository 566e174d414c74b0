import { describe, expect, test } from '@jest/globals';
import { createIamAuthenticator } from '@proxywatch/core/drivers/auth/iam-authenticator';

const authenticate = (iamArn: string | undefined) =>
  createIamAuthenticator().authenticate({ authorization: undefined, iamArn });

describe('an IAM principal', () => {
  test.each([
    ['arn:aws:iam::123456789012:user/team/ana', 'arn:aws:iam::123456789012:user/team/ana'],
    ['arn:aws:sts::123456789012:assumed-role/Deploy/build-17', 'arn:aws:iam::123456789012:role/Deploy'],
    ['arn:aws-cn:sts::123456789012:assumed-role/Deploy/ana@example.com', 'arn:aws-cn:iam::123456789012:role/Deploy'],
    ['arn:aws:sts::123456789012:federated-user/ana', 'arn:aws:sts::123456789012:federated-user/ana'],
  ])('%s is %s, whatever its session is called', async (arn, name) => {
    expect(await authenticate(arn)).toEqual({ name, groups: [] });
  });

  test.each([undefined, '', 'ana', 'arn:aws:s3:::bucket', 'arn:aws:iam::1:user/ana'])(
    'that is none is refused: %j',
    async (arn) => {
      await expect(authenticate(arn)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    },
  );
});
