import { Stack } from 'aws-cdk-lib';
import {
  AccessLogFormat,
  ApiDefinition,
  type CfnRestApi,
  EndpointType,
  AccessLogField as Field,
  LogGroupLogDestination,
  MethodLoggingLevel,
  SpecRestApi,
} from 'aws-cdk-lib/aws-apigateway';
import { InterfaceVpcEndpoint } from 'aws-cdk-lib/aws-ec2';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { AnyRoute, ApiModule } from '../../../functions/api/shared/route.ts';
import type { StageConfig } from '../config.ts';
import type { Network } from '../stacks/contracts.ts';
import { acknowledgeSpecRestApi } from './acknowledgements-of-api.ts';
import { apiAccess } from './api-access.ts';
import { apiSpec } from './api-spec.ts';
import { removalOf } from './removal.ts';
import { StageLogGroup } from './stage-log-group.ts';

export interface RestApiProps {
  readonly config: StageConfig;
  readonly network: Network;
  readonly routes: readonly AnyRoute[];
  readonly functions: Readonly<Record<ApiModule, LambdaFunction>>;
}

/**
 * Paths begin with the version of the API, which comes after this: `https://…/live/v1/accounts`. It says no version of its
 * own, and functions get paths without it.
 */
export const API_STAGE = 'live';
/** TLS 1.2 and 1.3; a regional API takes 1.0 otherwise. */
const SECURITY_POLICY = 'SecurityPolicy_TLS13_1_2_PQ_2025_09';

/** Of what was asked for, only the route: no path, query, header or body. */
const ACCESS_LOG = {
  time: Field.contextRequestTime(),
  requestId: Field.contextRequestId(),
  address: Field.contextIdentitySourceIp(),
  principal: Field.contextIdentityUserArn(),
  method: Field.contextHttpMethod(),
  route: Field.contextResourcePath(),
  status: Field.contextStatus(),
  bytes: Field.contextResponseLength(),
  latencyMs: Field.contextResponseLatency(),
  functionStatus: Field.contextIntegrationStatus(),
  functionLatencyMs: Field.contextIntegrationLatency(),
  firewallStatus: Field.contextWafStatus(),
  refusal: Field.contextErrorResponseType(),
  tls: '$context.tlsVersion',
};

/** The REST API of all modules, with one stage. */
export class RestApi extends Construct {
  readonly api: SpecRestApi;
  /** Without a slash at its end. */
  readonly url: string;
  /** All operations of the stage, for `execute-api:Invoke`. */
  readonly arn: string;

  constructor(scope: Construct, id: string, { config, network, routes, functions }: RestApiProps) {
    super(scope, id);
    const name = `proxywatch-${config.stage}`;
    const { throttle, auth, endpoint, createAccountLogRole } = config.api;
    const isPrivate = endpoint.type === 'private';
    const type = isPrivate ? EndpointType.PRIVATE : EndpointType.REGIONAL;
    const logs = new StageLogGroup(this, 'AccessLogs', { config, logGroupName: `/aws/apigateway/${name}/access` });
    this.api = new SpecRestApi(this, 'Api', {
      restApiName: name,
      description: `Proxywatch ${config.stage}: monitoring and management of database proxies`,
      apiDefinition: ApiDefinition.fromInline(apiSpec({ title: name, routes, functions, auth: auth.kind })),
      policy: apiAccess({ config, network, routes }),
      endpointConfiguration: { types: [type], ...(isPrivate && { vpcEndpoints: this.#endpoints(network) }) },
      // An import makes the API anew, and knows of its type by this.
      parameters: { endpointConfigurationTypes: type },
      cloudWatchRole: createAccountLogRole,
      ...(createAccountLogRole && {
        cloudWatchRoleRemovalPolicy: removalOf(config),
      }),
      deployOptions: {
        stageName: API_STAGE,
        throttlingRateLimit: throttle.requestsPerSecond,
        throttlingBurstLimit: throttle.burst,
        metricsEnabled: true,
        loggingLevel: MethodLoggingLevel.ERROR,
        // Bodies hold passwords.
        dataTraceEnabled: false,
        accessLogDestination: new LogGroupLogDestination(logs),
        accessLogFormat: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
      },
    });
    const resource = this.api.node.defaultChild as CfnRestApi;
    resource.securityPolicy = SECURITY_POLICY;
    // Clients of a private API may come by the name of its endpoint, which STRICT refuses.
    resource.endpointAccessMode = isPrivate ? 'BASIC' : 'STRICT';
    this.arn = this.api.arnForExecuteApi('*', '/*', API_STAGE);
    const { region, urlSuffix } = Stack.of(this);
    this.url = `https://${this.api.restApiId}.execute-api.${region}.${urlSuffix}/${API_STAGE}`;
    this.#keepExecutionLogs(config);
    for (const made of Object.values(functions)) {
      made.addPermission('Api', { principal: new ServicePrincipal('apigateway.amazonaws.com'), sourceArn: this.arn });
    }
    acknowledgeSpecRestApi(this.api);
  }

  /** Names of its own for a private API, by which callers reach it whose VPC has no private DNS of the endpoint. */
  #endpoints({ executeApiEndpointId }: Network) {
    if (executeApiEndpointId === undefined) return [];
    const attributes = { vpcEndpointId: executeApiEndpointId, port: 443 };
    return [InterfaceVpcEndpoint.fromInterfaceVpcEndpointAttributes(this, 'Endpoint', attributes)];
  }

  /** API Gateway would make it by itself, and keep lines for ever. */
  #keepExecutionLogs(config: StageConfig): void {
    const logGroupName = `API-Gateway-Execution-Logs_${this.api.restApiId}/${API_STAGE}`;
    this.api.deploymentStage.node.addDependency(new StageLogGroup(this, 'ExecutionLogs', { config, logGroupName }));
  }
}
