import { RemovalPolicy } from 'aws-cdk-lib';
import type { StageConfig } from '../config.ts';

/**
 * What becomes of something that holds data when its stack goes. Where data outlives stacks it stays, but for what was made by a
 * deployment that failed: it holds nothing yet, and its name would stand in the way of the next attempt.
 */
export function removalOf({ keepsData }: Pick<StageConfig, 'keepsData'>): RemovalPolicy {
  return keepsData ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY;
}
