import { Aws } from 'aws-cdk-lib';
import { type IPrefixList, PrefixList } from 'aws-cdk-lib/aws-ec2';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { PhysicalResourceId } from 'aws-cdk-lib/custom-resources';
import type { Construct } from 'constructs';
import type { StageConfig } from '../config.ts';
import { acknowledge } from './acknowledgements.ts';
import { AwsCall } from './aws-call.ts';

/**
 * The list of S3's addresses in the region that is deployed to, so that the way to S3 is not a way to everywhere. It is asked for
 * during deployment: each region has another, and stacks that look it up before would be bound to one account and region.
 */
export function s3PrefixList(scope: Construct, config: StageConfig): IPrefixList {
  const lookUp = new AwsCall(scope, 'S3PrefixListLookup', {
    config,
    call: {
      service: 'EC2',
      action: 'describeManagedPrefixLists',
      parameters: { Filters: [{ Name: 'prefix-list-name', Values: [`com.amazonaws.${Aws.REGION}.s3`] }] },
      outputPaths: ['PrefixLists.0.PrefixListId'],
      physicalResourceId: PhysicalResourceId.of('s3-prefix-list'),
    },
    // Whoever is told of an update and makes no call has no list to answer with, and rules of security groups need one.
    onUpdate: true,
    statements: [new PolicyStatement({ actions: ['ec2:DescribeManagedPrefixLists'], resources: ['*'] })],
  });
  acknowledge(lookUp, {
    'IAM5[Resource::*]': 'ec2:DescribeManagedPrefixLists has no resource level; it reads and nothing else',
  });
  return PrefixList.fromPrefixListId(scope, 'S3', lookUp.getResponseField('PrefixLists.0.PrefixListId'));
}
