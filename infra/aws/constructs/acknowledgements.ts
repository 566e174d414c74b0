import { Validations } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { IConstruct } from 'constructs';

/** Findings of cdk-nag that are meant so, by their rule in AwsSolutions, with the reason. */
export function acknowledge(construct: IConstruct, reasons: Readonly<Record<string, string>>): void {
  for (const [rule, reason] of Object.entries(reasons))
    Validations.of(construct).acknowledge({ id: `AwsSolutions-${rule}`, reason });
}

/** The rule about one of the policies that AWS keeps for roles of its services. */
export function managedPolicy(name: string): string {
  return `IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/${name}]`;
}

/** A function in a VPC makes network interfaces, which IAM cannot name before they are there. */
export function acknowledgeVpcRole(made: LambdaFunction): void {
  acknowledge(made, {
    [managedPolicy('AWSLambdaVPCAccessExecutionRole')]:
      'network interfaces have no name before they are made; AWS keeps this policy for functions in a VPC',
    [managedPolicy('AWSLambdaBasicExecutionRole')]: 'writes to the log group of the function',
  });
}
