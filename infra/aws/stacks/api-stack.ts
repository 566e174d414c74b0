import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { apiRoutes } from '../../../functions/api/routes.ts';
import type { StageConfig } from '../config.ts';
import { allowApi, createAdminRole } from '../constructs/admin-role.ts';
import { ApiFirewall } from '../constructs/api-firewall.ts';
import { addApiFunctions } from '../constructs/api-functions.ts';
import { ControlOperate } from '../constructs/control-operate.ts';
import { API_STAGE, RestApi } from '../constructs/rest-api.ts';
import { SystemFunctions } from '../constructs/system-functions.ts';
import type { PackedSystem } from '../packages/pack-system.ts';
import type { Network, ObservedApi, ObservedFunction, Stores } from './contracts.ts';

export interface ApiStackProps extends StackProps {
  readonly config: StageConfig;
  readonly packages: PackedSystem;
  readonly network: Network;
  readonly stores: Stores;
}

/** The API with a function for each of its modules, and the function that changes proxies. */
export class ApiStack extends Stack implements ObservedApi {
  readonly observed: readonly ObservedFunction[];
  readonly apiName: string;
  readonly stageName = API_STAGE;
  /** Without a slash at its end. */
  readonly url: string;
  readonly deadLetterQueueNames: readonly string[];

  constructor(scope: Construct, id: string, { config, packages, network, stores, ...props }: ApiStackProps) {
    super(scope, id, props);
    const functions = new SystemFunctions(this, 'Functions', { config, packages, network });
    const control = new ControlOperate(this, 'Control', { config, functions, network, stores });
    const { bootstrapAdmin } = config.api;
    const admin = bootstrapAdmin === undefined ? createAdminRole(this, 'Admin', config.stage) : undefined;
    const rest = new RestApi(this, 'Rest', {
      config,
      network,
      routes: apiRoutes,
      functions: addApiFunctions(functions, {
        config,
        network,
        stores,
        operate: control.function,
        bootstrapAdmin: bootstrapAdmin ?? `user:${admin?.roleArn}`,
      }),
    });
    new ApiFirewall(this, 'Firewall', { config, stageArn: rest.api.deploymentStage.stageArn });

    this.observed = functions.observed;
    this.apiName = rest.api.restApiName;
    this.url = rest.url;
    this.deadLetterQueueNames = [control.deadLetters.queueName];
    new CfnOutput(this, 'ApiUrl', { value: this.url });
    new CfnOutput(this, 'OperateDeadLettersUrl', { value: control.deadLetters.queueUrl });
    if (admin === undefined) return;
    allowApi(admin, rest);
    new CfnOutput(this, 'AdminRoleArn', { value: admin.roleArn });
  }
}
