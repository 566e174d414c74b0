import { Duration } from 'aws-cdk-lib';
import type { ISecurityGroup } from 'aws-cdk-lib/aws-ec2';
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  LayerVersion,
  LoggingFormat,
  RecursiveLoop,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { StageConfig } from '../config.ts';
import type { LayerName } from '../packages/functions.ts';
import type { PackedSystem } from '../packages/pack-system.ts';
import type { Access, Network, ObservedFunction } from '../stacks/contracts.ts';
import { acknowledgeVpcRole } from './acknowledgements.ts';
import { StageLogGroup } from './stage-log-group.ts';

export interface SystemFunctionProps {
  /** One of `FUNCTIONS`. */
  readonly name: string;
  readonly description: string;
  readonly securityGroup: ISecurityGroup;
  readonly timeout: Duration;
  /** Beside what `access` gives. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Stores that it works with. */
  readonly access: readonly Access[];
  /** @default 512: a third of a processor; cold starts are bound by it */
  readonly memoryMiB?: number;
  readonly reservedConcurrency?: number;
  /** One that asks for itself on purpose: Lambda drops the seventeenth invocation of such a chain otherwise. */
  readonly invokesItself?: boolean;
}

/**
 * The functions of one stack, and the layers below them. Each stack has layers of its own: a new layer is a new ARN, and
 * CloudFormation does not let one change that another stack has imported.
 */
export class SystemFunctions extends Construct {
  readonly observed: ObservedFunction[] = [];
  readonly #layers = new Map<LayerName, LayerVersion>();
  readonly #system: { readonly config: StageConfig; readonly packages: PackedSystem; readonly network: Network };

  constructor(
    scope: Construct,
    id: string,
    system: { readonly config: StageConfig; readonly packages: PackedSystem; readonly network: Network },
  ) {
    super(scope, id);
    this.#system = system;
  }

  /** Named `proxywatch-<stage>-<name>`, with a log group and a role of its own that may do what `access` gives and no more. */
  add({ name, access, timeout, memoryMiB = 512, ...props }: SystemFunctionProps): LambdaFunction {
    const { config, packages, network } = this.#system;
    const packed = packages.functions.get(name);
    if (packed === undefined) throw new Error(`there is no function ${name} among infra/aws/packages/functions.ts`);
    const functionName = `proxywatch-${config.stage}-${name}`;
    const logGroup = new StageLogGroup(this, `${name}-logs`, { config, logGroupName: `/aws/lambda/${functionName}` });
    const made = new LambdaFunction(this, name, {
      functionName,
      description: props.description,
      code: Code.fromAsset(packed.path),
      handler: packed.handler,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      layers: packed.layers.map((layer) => this.#layer(layer)),
      memorySize: memoryMiB,
      timeout,
      logGroup,
      loggingFormat: LoggingFormat.TEXT,
      vpc: network.vpc,
      vpcSubnets: network.subnets,
      securityGroups: [props.securityGroup],
      environment: Object.assign({}, ...access.map(({ environment }) => environment), props.environment),
      ...(props.invokesItself === true && { recursiveLoop: RecursiveLoop.ALLOW }),
      ...(props.reservedConcurrency !== undefined && { reservedConcurrentExecutions: props.reservedConcurrency }),
    });
    for (const { grantTo } of access) grantTo(made);
    acknowledgeVpcRole(made);
    this.observed.push({
      name: functionName,
      logGroupName: logGroup.logGroupName,
      timeoutSeconds: timeout.toSeconds(),
    });
    return made;
  }

  #layer(name: LayerName): LayerVersion {
    const { config, packages } = this.#system;
    const layer =
      this.#layers.get(name) ??
      new LayerVersion(this, name, {
        code: Code.fromAsset(packages.layers[name]),
        compatibleRuntimes: [Runtime.NODEJS_24_X],
        compatibleArchitectures: [Architecture.ARM_64],
        description: `Proxywatch ${config.stage}: ${name}`,
      });
    this.#layers.set(name, layer);
    return layer;
  }

  /** Asynchronous invocations of ours are tried once: whoever sent them sends again, and what is old is worth nothing. */
  static readonly oneTry = { retryAttempts: 0, maxEventAge: Duration.seconds(60) };
}
