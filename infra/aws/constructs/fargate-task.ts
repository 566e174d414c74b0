import { Duration, Size } from 'aws-cdk-lib';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import {
  AwsLogDriverMode,
  Capability,
  type ContainerDefinition,
  ContainerImage,
  CpuArchitecture,
  FargateTaskDefinition,
  type HealthCheck,
  LinuxParameters,
  LogDrivers,
  OperatingSystemFamily,
  type Secret,
  UlimitName,
} from 'aws-cdk-lib/aws-ecs';
import { Construct } from 'constructs';
import type { StageConfig } from '../config.ts';
import type { FargateSize } from '../fargate-sizes.ts';
import { acknowledge } from './acknowledgements.ts';
import { StageLogGroup } from './stage-log-group.ts';

export interface FargateTaskProps {
  readonly config: StageConfig;
  /** Of the container, its log group and the family of its definitions. */
  readonly name: string;
  /** Folder with a Dockerfile. */
  readonly image: string;
  readonly size: FargateSize;
  /** More than the 20 GiB that each task has. */
  readonly storageGiB?: number;
  /** Whom the process runs as, `<uid>:<gid>`. */
  readonly user: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, Secret>>;
  /** Arguments to what the image starts. */
  readonly command?: readonly string[];
  readonly healthCheck: HealthCheck;
  readonly port?: number;
  /** The one folder that may be written to; it ends with the task, and the image has to declare it as a volume. */
  readonly writableFolder?: string;
}

/** As much as Fargate allows: a gateway writes all histories in it, an agent sends what it has. */
const STOP_TIMEOUT = Duration.seconds(120);
/** A connection for each proxy or target and for each scrape; the kernel's own default is 1,024. */
const OPEN_FILES = 65_535;

/** The definition of a task with one container on ARM: without root, without capabilities, and nothing of its files is to be written. */
export class FargateTask extends Construct {
  readonly definition: FargateTaskDefinition;
  readonly container: ContainerDefinition;
  readonly logGroup: StageLogGroup;

  constructor(scope: Construct, id: string, { config, name, size, writableFolder, ...props }: FargateTaskProps) {
    super(scope, id);
    const fullName = `proxywatch-${config.stage}-${name}`;
    this.logGroup = new StageLogGroup(this, 'Logs', { config, logGroupName: `/aws/ecs/${fullName}` });
    this.definition = new FargateTaskDefinition(this, 'Definition', {
      family: fullName,
      cpu: size.cpu,
      memoryLimitMiB: size.memoryMiB,
      ...(props.storageGiB !== undefined && { ephemeralStorageGiB: props.storageGiB }),
      runtimePlatform: { cpuArchitecture: CpuArchitecture.ARM64, operatingSystemFamily: OperatingSystemFamily.LINUX },
    });
    const linuxParameters = new LinuxParameters(this, 'Linux', { initProcessEnabled: true });
    linuxParameters.dropCapabilities(Capability.ALL);
    this.container = this.definition.addContainer(name, {
      containerName: name,
      image: ContainerImage.fromAsset(props.image, { platform: Platform.LINUX_ARM64, assetName: fullName }),
      environment: { ...props.environment },
      secrets: { ...props.secrets },
      ...(props.command && { command: [...props.command] }),
      healthCheck: props.healthCheck,
      ...(props.port !== undefined && { portMappings: [{ containerPort: props.port }] }),
      user: props.user,
      readonlyRootFilesystem: true,
      stopTimeout: STOP_TIMEOUT,
      linuxParameters,
      ulimits: [{ name: UlimitName.NOFILE, softLimit: OPEN_FILES, hardLimit: OPEN_FILES }],
      logging: LogDrivers.awsLogs({
        logGroup: this.logGroup,
        streamPrefix: name,
        // A log that cannot be delivered must not hold up who writes it.
        mode: AwsLogDriverMode.NON_BLOCKING,
        maxBufferSize: Size.mebibytes(4),
      }),
    });
    if (writableFolder !== undefined) {
      this.definition.addVolume({ name: 'data' });
      this.container.addMountPoints({ sourceVolume: 'data', containerPath: writableFolder, readOnly: false });
    }
    acknowledgeTask(this.definition);
  }
}

function acknowledgeTask(definition: FargateTaskDefinition): void {
  acknowledge(definition, {
    ECS2: 'settings that are no secrets; what is secret stands in Secrets Manager, and its ARN here',
  });
  acknowledge(definition.obtainExecutionRole(), {
    'IAM5[Resource::*]':
      'ecr:GetAuthorizationToken has no resource to name; layers may be had of the one repository only',
  });
}
