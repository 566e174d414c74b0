import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { Cluster, ContainerInsights } from 'aws-cdk-lib/aws-ecs';
import { PrivateDnsNamespace } from 'aws-cdk-lib/aws-servicediscovery';
import type { Construct } from 'constructs';
import type { StageConfig } from '../config.ts';
import { GATEWAY_NAME, GATEWAY_PORT, GatewayService } from '../constructs/gateway-service.ts';
import { PrometheusAgents } from '../constructs/prometheus-agents.ts';
import { SeriesScaling } from '../constructs/series-scaling.ts';
import type { PackedSystem } from '../packages/pack-system.ts';
import type { Network, ObservedGateway, Stores } from './contracts.ts';

export interface GatewayStackProps extends StackProps {
  readonly config: StageConfig;
  readonly packages: Pick<PackedSystem, 'gateway' | 'prometheus'>;
  readonly network: Network;
  readonly stores: Stores;
}

/**
 * Gateways, which keep the series of proxies, and Prometheus, which takes them to the workspace. Prometheus asks any gateway
 * by its name in the VPC where proxies are, and scrapes them there: docs/adr/0012.
 */
export class GatewayStack extends Stack implements ObservedGateway {
  readonly clusterName: string;
  readonly services: readonly { readonly name: string; readonly logGroupName: string }[];
  readonly seriesMetric: { readonly namespace: string; readonly metricName: string };

  constructor(scope: Construct, id: string, { config, packages, network, stores, ...props }: GatewayStackProps) {
    super(scope, id, props);
    const { vpc } = network;
    const clusterName = `proxywatch-${config.stage}`;
    const cluster = new Cluster(this, 'Cluster', { clusterName, vpc, containerInsightsV2: ContainerInsights.ENABLED });
    const names = new PrivateDnsNamespace(this, 'Names', { name: `${clusterName}.internal`, vpc });
    const gateways = new GatewayService(this, 'Gateways', {
      config,
      image: packages.gateway,
      network,
      stores,
      cluster,
      names,
    });
    const { logGroup } = gateways.task;
    const scaling = new SeriesScaling(this, 'Scaling', { config, service: gateways.service, logGroup });
    const discoveryUrl = `http://${GATEWAY_NAME}.${clusterName}.internal:${GATEWAY_PORT}/sd`;
    const agents = new PrometheusAgents(this, 'Agents', {
      config,
      image: packages.prometheus,
      network,
      workspace: stores.workspace,
      cluster,
      discoveryUrl,
    });

    this.clusterName = cluster.clusterName;
    this.services = [gateways, agents].map(({ service, task }) => ({
      name: service.serviceName,
      logGroupName: task.logGroup.logGroupName,
    }));
    this.seriesMetric = scaling.metric;
    new CfnOutput(this, 'DiscoveryUrl', { value: discoveryUrl });
    new CfnOutput(this, 'ClusterName', { value: cluster.clusterName });
  }
}
