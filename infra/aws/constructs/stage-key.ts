import { Duration } from 'aws-cdk-lib';
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { StageConfig } from '../config.ts';
import { removalOf } from './removal.ts';

export interface StageKeyProps {
  readonly config: StageConfig;
  /** `alias/proxywatch-<stage>-<name>`. */
  readonly name: string;
  readonly description: string;
  /** `hmac` makes codes and cannot encrypt; nor can it be rotated, since codes of today must match those of tomorrow. */
  readonly kind?: 'symmetric' | 'hmac';
}

/** A key in KMS. Where data outlives the stacks the key does too, for without it that data is lost. */
export class StageKey extends Key {
  constructor(scope: Construct, id: string, { config, name, description, kind = 'symmetric' }: StageKeyProps) {
    super(scope, id, {
      alias: `alias/proxywatch-${config.stage}-${name}`,
      description: `Proxywatch ${config.stage}: ${description}`,
      ...(kind === 'hmac'
        ? { keySpec: KeySpec.HMAC_256, keyUsage: KeyUsage.GENERATE_VERIFY_MAC }
        : { enableKeyRotation: true }),
      removalPolicy: removalOf(config),
      ...(!config.keepsData && { pendingWindow: Duration.days(7) }),
    });
  }
}
