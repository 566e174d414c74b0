import { Duration } from 'aws-cdk-lib';
import type { FargateService } from 'aws-cdk-lib/aws-ecs';
import { FilterPattern, type ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { StageConfig } from '../config.ts';

export interface SeriesScalingProps {
  readonly config: StageConfig;
  readonly service: FargateService;
  /** Where each gateway says once a minute what it carries: see functions/gateway/resident-log.ts. */
  readonly logGroup: ILogGroup;
}

/**
 * As many gateways as their series ask for.
 *
 * Each gateway writes one line a minute, so CloudWatch has one value of each in a minute, and their average is series per
 * gateway: it falls as gateways are added, which is what target tracking needs. No value is made up for minutes without lines:
 * a fleet that says nothing is left as it is.
 */
export class SeriesScaling extends Construct {
  readonly metric: { readonly namespace: string; readonly metricName: string };

  constructor(scope: Construct, id: string, { config, service, logGroup }: SeriesScalingProps) {
    super(scope, id);
    const { tasks, seriesPerTask } = config.gateway;
    this.metric = { namespace: `Proxywatch/${config.stage}`, metricName: 'GatewaySeries' };
    const filter = new MetricFilter(this, 'Filter', {
      logGroup,
      filterPattern: FilterPattern.stringValue('$.message', '=', 'resident'),
      metricValue: '$.series',
      metricNamespace: this.metric.namespace,
      metricName: this.metric.metricName,
    });
    // Brings the service to `min` at once, too: it is made with one task.
    const count = service.autoScaleTaskCount({ minCapacity: tasks.min, maxCapacity: tasks.max });
    count.scaleToTrackCustomMetric('Series', {
      metric: filter.metric({ statistic: 'Average', period: Duration.minutes(1) }),
      targetValue: seriesPerTask,
      // A gateway that joins has its share within a minute or two, and only then do averages tell whether it was enough.
      scaleOutCooldown: Duration.minutes(5),
      // Each gateway that goes has its proxies moved. AWS waits for fifteen minutes below nine tenths of the target, counts
      // what the others would have then, and does nothing during a deployment, when successors stand by with no series.
      scaleInCooldown: Duration.minutes(30),
    });
  }
}
