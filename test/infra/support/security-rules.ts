import type { Template } from 'aws-cdk-lib/assertions';

interface Rule {
  readonly CidrIp?: string;
  readonly DestinationPrefixListId?: unknown;
  readonly FromPort?: number;
  readonly IpProtocol: string;
}
interface PairRule extends Rule {
  readonly GroupId: unknown;
  readonly SourceSecurityGroupId?: unknown;
  readonly DestinationSecurityGroupId?: unknown;
}

/**
 * What goes out of security groups, as `part -> peer:port`: a peer is another part, a range, or `S3`. `in` has the same of what is
 * let in, as `peer -> part:port`. The rule that the library puts into a group without any is left out.
 */
export function rulesOf(template: Template): { readonly out: readonly string[]; readonly in: readonly string[] } {
  const groups = Object.entries(template.findResources('AWS::EC2::SecurityGroup'));
  const partOf = (reference: unknown): string => {
    const text = JSON.stringify(reference);
    const found = groups.find(([id]) => text.includes(`"${id}"`));
    return nameOf(found?.[1].Properties.GroupDescription);
  };
  const peerOf = (rule: PairRule | Rule, group: unknown) =>
    rule.CidrIp ?? (rule.DestinationPrefixListId === undefined ? partOf(group) : 'S3');
  const pairs = (type: string): PairRule[] =>
    Object.values(template.findResources(type)).map(({ Properties }) => Properties as PairRule);
  const inline = (name: 'SecurityGroupEgress' | 'SecurityGroupIngress'): PairRule[] =>
    groups.flatMap(([id, { Properties }]) =>
      ((Properties[name] ?? []) as Rule[]).map((rule) => ({ ...rule, GroupId: { Ref: id } })),
    );
  const out = [...pairs('AWS::EC2::SecurityGroupEgress'), ...inline('SecurityGroupEgress')]
    .filter(({ CidrIp }) => CidrIp !== '255.255.255.255/32')
    .map((rule) => `${partOf(rule.GroupId)} -> ${peerOf(rule, rule.DestinationSecurityGroupId)}:${rule.FromPort}`);
  const letIn = [...pairs('AWS::EC2::SecurityGroupIngress'), ...inline('SecurityGroupIngress')].map(
    (rule) => `${peerOf(rule, rule.SourceSecurityGroupId)} -> ${partOf(rule.GroupId)}:${rule.FromPort}`,
  );
  return { out: out.sort(), in: letIn.sort() };
}

const NAMES: Readonly<Record<string, string>> = {
  'functions of the API': 'api',
  'changes proxies': 'control',
  'invokes collect': 'dispatch',
  'reads proxies': 'collect',
  'migrates the DCDB during a deployment': 'deploy',
  'serves series of proxies': 'gateway',
  'scrapes gateways': 'prometheus',
  'the DCDB': 'dcdb',
  Redis: 'redis',
  Kafka: 'kafka',
  'interface endpoints of AWS services': 'endpoints',
  'the private endpoint of the API': 'execute-api',
};

function nameOf(description: string): string {
  return NAMES[description.split(': ')[1] ?? ''] ?? description;
}
