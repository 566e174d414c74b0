import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { StageConfig } from '../config.ts';
import type { Stores } from '../stacks/contracts.ts';
import { StageKey } from './stage-key.ts';

/** Keys that passwords of accounts are sealed and told apart with: a stolen copy of the DCDB opens none. */
export function sealKeys(scope: Construct, config: StageConfig): Pick<Stores, 'secretKeys' | 'fingerprints'> {
  const [seal, mac] = [
    new StageKey(scope, 'SealKey', { config, name: 'seal', description: 'passwords of accounts in the DCDB' }),
    new StageKey(scope, 'MacKey', { config, name: 'mac', description: 'fingerprints of passwords', kind: 'hmac' }),
  ];
  // Whoever has one of them has to be told of both.
  const environment = { SECRET_KMS_KEY_ID: seal.keyArn, SECRET_KMS_MAC_KEY_ID: mac.keyArn };
  const grantFingerprints = (grantee: IGrantable) =>
    void Grant.addToPrincipal({ grantee, actions: ['kms:GenerateMac'], resourceArns: [mac.keyArn] });
  return {
    fingerprints: { environment, grantTo: grantFingerprints },
    secretKeys: {
      environment,
      grantTo(grantee) {
        Grant.addToPrincipal({
          grantee,
          actions: ['kms:GenerateDataKey', 'kms:Decrypt'],
          resourceArns: [seal.keyArn],
          conditions: { StringEquals: { 'kms:EncryptionContext:application': 'proxywatch' } },
        });
        grantFingerprints(grantee);
      },
    },
  };
}
