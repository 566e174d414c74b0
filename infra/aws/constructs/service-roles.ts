import { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { PhysicalResourceId } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import type { StageConfig } from '../config.ts';
import { AwsCall } from './aws-call.ts';

/** Roles that services of AWS act in an account by, in the name that each of them gives its own. */
const ROLES = {
  ecs: 'AWSServiceRoleForECS',
  'ecs.application-autoscaling': 'AWSServiceRoleForApplicationAutoScaling_ECSService',
  rds: 'AWSServiceRoleForRDS',
  elasticache: 'AWSServiceRoleForElastiCache',
  kafka: 'AWSServiceRoleForKafka',
} as const;

type Service = keyof typeof ROLES;

/**
 * Each of these services makes its role when an account first needs it, takes it up at once, and fails, since a role takes a while
 * to be known: in a new account the first cluster could not be made. Here they are made long before. One that is there is left
 * alone, and they stay when the stage goes: they belong to the account.
 */
export class ServiceRoles extends Construct {
  constructor(scope: Construct, id: string, { config }: { readonly config: StageConfig }) {
    super(scope, id);
    for (const service of servicesOf(config)) {
      const serviceName = `${service}.amazonaws.com`;
      const role = Stack.of(this).formatArn({
        service: 'iam',
        region: '',
        resource: 'role/aws-service-role',
        resourceName: `${serviceName}/${ROLES[service]}`,
      });
      new AwsCall(this, service, {
        config,
        call: {
          service: 'IAM',
          action: 'createServiceLinkedRole',
          parameters: { AWSServiceName: serviceName },
          outputPaths: ['Role.RoleName'],
          // IAM calls the request invalid when the role is there.
          ignoreErrorCodesMatching: 'InvalidInput|AlreadyExists',
          physicalResourceId: PhysicalResourceId.of(ROLES[service]),
        },
        statements: [new PolicyStatement({ actions: ['iam:CreateServiceLinkedRole'], resources: [role] })],
      });
    }
  }
}

/** Stores that were there have theirs. */
function servicesOf({ data: { dcdb, redis, kafka } }: StageConfig): readonly Service[] {
  return [
    'ecs',
    'ecs.application-autoscaling',
    ...('minAcu' in dcdb ? (['rds'] as const) : []),
    ...('maxStorageGb' in redis ? (['elasticache'] as const) : []),
    ...(kafka !== 'none' && 'partitions' in kafka ? (['kafka'] as const) : []),
  ];
}
