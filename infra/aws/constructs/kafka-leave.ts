import { COLLECTORS, DEFAULT_ROUTES } from '@proxywatch/core/domain/scan/collectors';
import { schemaNameOf } from '@proxywatch/core/domain/scan/schema-name';
import { Fn } from 'aws-cdk-lib';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';

/** Topics of the scanner's events. */
const TOPICS = COLLECTORS.filter((name) => DEFAULT_ROUTES[name].includes('kafka')).map(schemaNameOf);

const ON_TOPICS = {
  produce: ['kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData'],
  create: ['kafka-cluster:CreateTopic', 'kafka-cluster:DescribeTopic'],
} as const;

/** Leave by IAM to write to the scanner's topics of a cluster of MSK, or to create them; to no other topic of it. */
export function grantKafka(grantee: IGrantable, clusterArn: string, what: keyof typeof ON_TOPICS): void {
  const topicArns = TOPICS.map((topic) => topicArnOf(clusterArn, topic));
  Grant.addToPrincipal({ grantee, actions: ['kafka-cluster:Connect'], resourceArns: [clusterArn] });
  Grant.addToPrincipal({ grantee, actions: [...ON_TOPICS[what]], resourceArns: topicArns });
}

/** From `arn:…:cluster/<name>/<id>`, which may be known at deployment only. */
function topicArnOf(clusterArn: string, topic: string): string {
  const [account, cluster] = [0, 1].map((i) => Fn.select(i, Fn.split(':cluster/', clusterArn)));
  return `${account}:topic/${cluster}/${topic}`;
}
