import { Validations } from 'aws-cdk-lib';
import type { SpecRestApi } from 'aws-cdk-lib/aws-apigateway';
import type { Role } from 'aws-cdk-lib/aws-iam';

export function acknowledgeSpecRestApi(api: SpecRestApi): void {
  Validations.of(api).acknowledge({
    id: 'AwsSolutions-APIG2',
    reason: 'functions check all of a request, by name and with limits, and tell every problem at once',
  });
  Validations.of(api).acknowledge({
    id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]',
    reason: 'the one role of the account that API Gateway writes logs of all APIs with; AWS keeps this policy for it',
  });
}

/** @param apiId logical id of the API */
export function acknowledgeAdminRole(role: Role, apiId: string): void {
  Validations.of(role).acknowledge({
    id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<${apiId}>/live/*/*]`,
    reason: 'all operations of this one API, whose own roles decide what its callers may do',
  });
}
