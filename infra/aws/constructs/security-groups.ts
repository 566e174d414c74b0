import { type IPeer, type IPrefixList, type IVpc, Peer, Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { StageConfig } from '../config.ts';
import type { Part } from '../stacks/contracts.ts';
import { existingStorePorts } from './existing-store-ports.ts';

export interface SecurityGroupsProps {
  readonly config: StageConfig;
  readonly vpc: IVpc;
  /** Addresses of S3 in the region. */
  readonly s3: IPrefixList;
}

const PURPOSES: Readonly<Record<Part, string>> = {
  api: 'functions of the API',
  control: 'changes proxies',
  dispatch: 'invokes collect',
  collect: 'reads proxies',
  deploy: 'migrates the DCDB during a deployment',
  gateway: 'serves series of proxies',
  prometheus: 'scrapes gateways',
  dcdb: 'the DCDB',
  redis: 'Redis',
  kafka: 'Kafka',
  endpoints: 'interface endpoints of AWS services',
};

const CODE: readonly Part[] = ['api', 'control', 'dispatch', 'collect', 'deploy', 'gateway', 'prometheus'];

interface Calls {
  readonly from: readonly Part[];
  readonly to: Part;
  readonly ports: readonly number[];
}

/** Who talks to whom among ours. */
const CALLS: readonly Calls[] = [
  { from: CODE, to: 'endpoints', ports: [443] },
  // Readers of ElastiCache Serverless listen on 6380, and clients of a cluster ask any node who has which slots.
  { from: ['api', 'control', 'dispatch', 'collect', 'gateway'], to: 'redis', ports: [6379, 6380] },
  { from: ['api', 'control', 'dispatch', 'collect', 'deploy'], to: 'dcdb', ports: [3306] },
  { from: ['collect', 'deploy'], to: 'kafka', ports: [9098] },
  // A gateway that is asked for all proxies asks the others.
  { from: ['prometheus', 'gateway'], to: 'gateway', ports: [9464] },
];

/**
 * One for each part. What stands in `CALLS` may talk, by pair; to what is not ours there is a way out by address and port; and
 * nothing else may come in or go out.
 */
export class SecurityGroups extends Construct {
  readonly of: Readonly<Record<Part, SecurityGroup>>;

  constructor(scope: Construct, id: string, { config, vpc, s3 }: SecurityGroupsProps) {
    super(scope, id);
    const made = Object.entries(PURPOSES).map(([part, purpose]) => [
      part,
      new SecurityGroup(this, part, {
        vpc,
        description: `Proxywatch ${config.stage}: ${purpose}`,
        allowAllOutbound: false,
      }),
    ]);
    this.of = Object.fromEntries(made) as Record<Part, SecurityGroup>;
    for (const calls of CALLS) this.#letTalk(calls);
    // A function that answers CloudFormation writes to a bucket; layers of images come from one.
    this.#letOut(['deploy', 'gateway', 'prometheus'], [s3], [443], 'S3');
    this.#letOutToProxies(config);
    this.#letOutToServices(config);
    this.#letOutToExistingStores(config);
    this.#openToExistingVpc(config);
  }

  #letTalk({ from, to, ports }: Calls): void {
    for (const part of from)
      for (const port of ports) {
        const [{ connections }, what] = [this.of[part], `${part} to ${to}`];
        if (part === to) connections.allowInternally(Port.tcp(port), what);
        else connections.allowTo(this.of[to], Port.tcp(port), what);
      }
  }

  #letOut(from: readonly Part[], peers: readonly IPeer[], ports: readonly number[], what: string): void {
    for (const part of from)
      for (const peer of peers)
        for (const port of new Set(ports)) this.of[part].addEgressRule(peer, Port.tcp(port), `${part} to ${what}`);
  }

  #letOutToProxies({ network: { proxies, databases } }: StageConfig): void {
    const at = peersOf(proxies.cidrs);
    this.#letOut(['api', 'control', 'collect', 'gateway'], at, proxies.adminPorts, 'admin ports of proxies');
    this.#letOut(['api', 'control'], at, proxies.trafficPorts, 'traffic ports of proxies');
    this.#letOut(['api'], peersOf(databases.cidrs), databases.ports, 'databases');
  }

  #letOutToServices({ api: { auth, dbconfig } }: StageConfig): void {
    if (auth.kind === 'jwt') this.#letOut(['api'], [Peer.anyIpv4()], [portOf(auth.jwksUrl)], 'keys of the JWT issuer');
    if (dbconfig === undefined) return;
    const at = dbconfig.cidrs === 'outside' ? [Peer.anyIpv4()] : peersOf(dbconfig.cidrs);
    this.#letOut(['api', 'control'], at, [portOf(dbconfig.url)], 'the database configuration service');
  }

  /** By address: their security groups are not known, and no group can be named in a rule from another network. */
  #letOutToExistingStores(config: StageConfig): void {
    const { vpc, routes, storeCidrs = [vpc.cidr, ...routes.map(({ cidr }) => cidr)] } = config.network;
    for (const [store, ports] of Object.entries(existingStorePorts(config.data))) {
      const from = CALLS.flatMap((calls) => (calls.to === store ? calls.from : []));
      this.#letOut(from, peersOf(storeCidrs), ports, `${store} that was there`);
    }
  }

  /**
   * An endpoint takes over the name of its service in the whole VPC, so all that was there before us comes through it too. And
   * where endpoints are not ours, their groups are not known.
   */
  #openToExistingVpc({ network: { vpc } }: StageConfig): void {
    if (!('vpcId' in vpc)) return;
    const peer = Peer.ipv4(vpc.cidr);
    if (vpc.createEndpoints) this.of.endpoints.addIngressRule(peer, Port.tcp(443), 'all of the VPC to endpoints');
    else this.#letOut(CODE, [peer], [443], 'endpoints that were there');
  }
}

function peersOf(cidrs: readonly string[]): IPeer[] {
  return [...new Set(cidrs)].map((range) => Peer.ipv4(range));
}

function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return port === '' ? { 'http:': 80, 'https:': 443 }[protocol as 'http:' | 'https:'] : Number(port);
}
