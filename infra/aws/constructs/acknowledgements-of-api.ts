import type { SpecRestApi } from 'aws-cdk-lib/aws-apigateway';
import type { Role } from 'aws-cdk-lib/aws-iam';
import { acknowledge, managedPolicy } from './acknowledgements.ts';

export function acknowledgeSpecRestApi(api: SpecRestApi): void {
  acknowledge(api, {
    APIG2: 'functions check all of a request, by name and with limits, and tell every problem at once',
    [managedPolicy('AmazonAPIGatewayPushToCloudWatchLogs')]:
      'the one role of the account that API Gateway writes logs of all APIs with; AWS keeps this policy for it',
  });
}

/** @param apiId logical id of the API */
export function acknowledgeAdminRole(role: Role, apiId: string): void {
  acknowledge(role, {
    [`IAM5[Resource::arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<${apiId}>/live/*/*]`]:
      'all operations of this one API, whose own roles decide what its callers may do',
  });
}
