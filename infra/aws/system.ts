import { type App, Tags } from 'aws-cdk-lib';
import type { StageConfig } from './config.ts';
import type { PackedSystem } from './packages/pack-system.ts';
import { ApiStack } from './stacks/api-stack.ts';
import { DataStack } from './stacks/data-stack.ts';
import { GatewayStack } from './stacks/gateway-stack.ts';
import { MonitoringStack } from './stacks/monitoring-stack.ts';
import { NetworkStack } from './stacks/network-stack.ts';
import { ScannerStack } from './stacks/scanner-stack.ts';

export interface System {
  readonly network: NetworkStack;
  readonly data: DataStack;
  readonly api: ApiStack;
  readonly scanner: ScannerStack;
  readonly gateway: GatewayStack;
  readonly monitoring: MonitoringStack;
}

/**
 * The stacks of a stage by their life cycle, none of them bound to an account or a region. What comes later may be destroyed and
 * made again without what came before. The schema of the DCDB is brought up to date with the data, so before any code that
 * needs it.
 */
export function createSystem(app: App, config: StageConfig, packages: PackedSystem): System {
  const of = (name: string, description: string) =>
    [
      `proxywatch-${config.stage}-${name}`,
      { config, description: `Proxywatch ${config.stage}: ${description}` },
    ] as const;

  const [networkId, networkProps] = of('network', 'who may talk to whom');
  const network = new NetworkStack(app, networkId, networkProps);
  const [dataId, dataProps] = of('data', 'everything that lasts');
  const data = new DataStack(app, dataId, { ...dataProps, packages, network });
  const parts = { packages, network, stores: data.stores };

  const [apiId, apiProps] = of('api', 'the admin API');
  const api = new ApiStack(app, apiId, { ...apiProps, ...parts });
  const [scannerId, scannerProps] = of('scanner', 'the scanner');
  const scanner = new ScannerStack(app, scannerId, { ...scannerProps, ...parts });
  const [gatewayId, gatewayProps] = of('gateway', 'gateways, and Prometheus that scrapes them');
  const gateway = new GatewayStack(app, gatewayId, { ...gatewayProps, ...parts });
  for (const stack of [api, scanner, gateway])
    stack.addStackDependency(data, 'its schema is there before the code that needs it');

  const [monitoringId, monitoringProps] = of('monitoring', 'alarms, rules and a dashboard');
  const monitoring = new MonitoringStack(app, monitoringId, { ...monitoringProps, data, api, scanner, gateway });

  Tags.of(app).add('proxywatch:stage', config.stage);
  return { network, data, api, scanner, gateway, monitoring };
}
