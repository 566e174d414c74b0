import { Aws } from 'aws-cdk-lib';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';

export interface ReadableSecret {
  readonly secretArn: string;
  /** What it may be encrypted with, where that is a key of somebody. */
  readonly keyArns: readonly string[];
}

/**
 * Leave to read secrets and nothing else of them. On the side of who reads alone: a key that named its users would need their
 * stacks before its own.
 */
export function grantReadSecrets(grantee: IGrantable, secrets: readonly ReadableSecret[]): void {
  const resourceArns = secrets.map(({ secretArn }) => secretArn);
  Grant.addToPrincipal({ grantee, actions: ['secretsmanager:GetSecretValue'], resourceArns });
  const keyArns = [...new Set(secrets.flatMap((secret) => secret.keyArns))];
  if (keyArns.length === 0) return;
  Grant.addToPrincipal({
    grantee,
    actions: ['kms:Decrypt'],
    resourceArns: keyArns,
    conditions: { StringEquals: { 'kms:ViaService': `secretsmanager.${Aws.REGION}.amazonaws.com` } },
  });
}
