import { readFileSync } from 'node:fs';
import { COLLECTORS } from '@proxywatch/core/domain/scan/collectors';
import { z } from 'zod';
import {
  cidr,
  count,
  hostPort,
  httpsUrl,
  kmsKeyArn,
  logDays,
  port,
  resourceId,
  secretArn,
  serviceUrl,
} from './config-fields.ts';
import { STAGES } from './stages/index.ts';

const network = z
  .strictObject({
    /** A VPC of our own, or one that is there. */
    vpc: z.union([
      z.strictObject({
        cidr: cidr()
          .refine((range) => prefixOf(range) >= 16 && prefixOf(range) <= 24, {
            error: 'expected a range from /16 to /24',
          })
          .default('10.64.0.0/20'),
        zones: count(2, 3).default(2),
        /** Instead of the first `zones` of the region, where one of them lacks a service. */
        availabilityZones: z
          .array(z.string().min(1))
          .min(2, 'a gateway stands in two zones at least')
          .max(3)
          .optional(),
      }),
      z
        .strictObject({
          vpcId: resourceId('vpc'),
          cidr: cidr(),
          availabilityZones: z.array(z.string().min(1)).min(2, 'a gateway stands in two zones at least'),
          /** One for each zone, in the same order. Their routes lead to the proxies. */
          privateSubnetIds: z.array(resourceId('subnet')).min(2, 'name a private subnet in each of two zones at least'),
          /** One for each of these subnets. */
          privateRouteTableIds: z.array(resourceId('rtb')).min(2, 'name the route table of each private subnet'),
          /** `false` where the VPC already has endpoints with private DNS names for the services that docs/aws.md lists. */
          createEndpoints: z.boolean().default(true),
        })
        .refine((vpc) => vpc.privateSubnetIds.length === vpc.availabilityZones.length, {
          path: ['privateSubnetIds'],
          error: 'expected one private subnet for each of availabilityZones, in the same order',
        })
        .refine((vpc) => vpc.privateRouteTableIds.length === vpc.privateSubnetIds.length, {
          path: ['privateRouteTableIds'],
          error:
            'expected one route table for each of privateSubnetIds, in the same order; the same id may stand twice',
        })
        .refine((vpc) => new Set(vpc.privateSubnetIds).size === vpc.privateSubnetIds.length, {
          path: ['privateSubnetIds'],
          error: 'the same subnet stands twice',
        }),
    ]),
    /**
     * From our own VPC to others: a peering connection that somebody has made and accepted, or a transit gateway of this account
     * or shared with it, which our VPC is attached to.
     */
    routes: z
      .array(
        z.strictObject({
          cidr: cidr(),
          via: z.union([resourceId('pcx'), resourceId('tgw')]),
        }),
      )
      .default([]),
    /** Where proxies are; their admin ports are for collecting and changing, their traffic ports for test log-ins. */
    proxies: z.strictObject({
      cidrs: z.array(cidr()).min(1, 'name the ranges that proxies are in'),
      adminPorts: z.array(port()).min(1).default([6032]),
      trafficPorts: z.array(port()).min(1).default([6033]),
    }),
    /** Where stores are that were there before. @default - in the VPC, and where its routes lead */
    storeCidrs: z.array(cidr()).min(1).optional(),
    /** MySQL servers behind the proxies, for test log-ins of accounts. */
    databases: z
      .strictObject({ cidrs: z.array(cidr()).default([]), ports: z.array(port()).default([3306]) })
      .prefault({}),
  })
  .refine(({ vpc, routes }) => !('vpcId' in vpc) || routes.length === 0, {
    path: ['routes'],
    error: 'an existing VPC has its routes: set them in privateRouteTableIds',
  });

function prefixOf(range: string): number {
  return Number(range.split('/')[1]);
}

const data = z.strictObject({
  dcdb: z
    .union([
      z
        .strictObject({
          /** Never pauses: a scan each minute would wake it at once. */
          minAcu: z.number().min(0.5).max(256).multipleOf(0.5).default(0.5),
          maxAcu: z.number().min(1).max(256).multipleOf(0.5).default(4),
          /** Beside the writer, to take over from it. */
          readers: count(0, 15).default(0),
          backupDays: count(1, 35).default(7),
        })
        .refine(({ minAcu, maxAcu }) => minAcu <= maxAcu, { path: ['minAcu'], error: 'more than maxAcu' }),
      z.strictObject({
        /** A cluster that is there, MySQL 8 or Aurora MySQL 3. */
        host: z.string().min(1),
        port: port().default(3306),
        database: z.string().regex(/^\w{1,64}$/),
        /** JSON with `username` and `password`, as RDS writes it. */
        secretArn: secretArn(),
        tls: z.boolean().default(true),
      }),
    ])
    .prefault({}),
  redis: z
    .union([
      z.strictObject({
        maxStorageGb: count(1, 5_000).default(5),
        maxEcpuPerSecond: count(1_000, 15_000_000).default(10_000),
      }),
      z.strictObject({ address: hostPort(), tls: z.boolean().default(true), cluster: z.boolean().optional() }),
      /** A secret whose whole value is the URL, for a Redis with a password. */
      z.strictObject({ urlSecretArn: secretArn(), port: port().default(6379) }),
    ])
    .prefault({}),
  kafka: z
    .union([
      z.strictObject({ partitions: count(1, 100).default(6), retentionDays: count(1, 30).default(7) }),
      z
        .strictObject({
          brokers: z.array(hostPort()).min(1),
          /** Clients show who they are by IAM, as MSK wants it; otherwise they show nothing, and talk without TLS. */
          iam: z.boolean().default(false),
          /** Names what may be done by whom. */
          clusterArn: z
            .string()
            .regex(
              /^arn:aws[a-z-]*:kafka:[a-z0-9-]+:\d{12}:cluster\/[\w.-]+\/[\w-]+$/,
              'expected the ARN of an MSK cluster',
            )
            .optional(),
        })
        .refine(({ iam, clusterArn }) => !iam || clusterArn !== undefined, {
          path: ['clusterArn'],
          error: 'not set, but with iam it is what functions get leave for',
        }),
    ])
    .prefault({}),
  metrics: z
    .union([
      z.strictObject({
        retentionDays: count(1, 1_095).default(150),
        /**
         * Active series that a namespace of proxies may have; more of it is refused, and nothing else. A workspace knows no
         * limit for each value of a label, so namespaces that need one stand here by name.
         */
        seriesPerNamespace: z.record(z.string().min(1), count(1_000, 50_000_000)).default({}),
        /** The same for all series together that no namespace of these has. */
        seriesOfOthers: count(1_000, 1_000_000_000).default(2_000_000),
      }),
      z.strictObject({ workspaceId: z.string().regex(/^ws-[0-9a-f-]{36}$/, 'expected the id of a workspace, ws-…') }),
    ])
    .prefault({}),
  /** Secrets with `{"<reference>":{"user":"…","password":"…"}}`. @default - empty ones are made, to be filled in */
  proxyCredentials: z.strictObject({ statsSecretArn: secretArn(), adminSecretArn: secretArn() }).optional(),
  /** Keys that secrets which were there are encrypted with, where that is not `aws/secretsmanager`. */
  secretKeyArns: z.array(kmsKeyArn()).default([]),
});

const api = z
  .strictObject({
    endpoint: z
      .discriminatedUnion('type', [
        /** On the internet, for callers from these ranges only. */
        z.strictObject({
          type: z.literal('regional'),
          allowedCidrs: z.array(cidr()).min(1, 'name who may call; 0.0.0.0/0 is everybody'),
        }),
        /** Inside the VPC, through an endpoint that is made with it. */
        z.strictObject({
          type: z.literal('private'),
          /** Who may reach it beside the VPC and what `network.routes` lead to. */
          callerCidrs: z.array(cidr()).default([]),
        }),
      ])
      .prefault({ type: 'private' }),
    auth: z
      .discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('iam') }),
        z.strictObject({
          kind: z.literal('jwt'),
          issuer: httpsUrl(),
          audience: z.string().min(1),
          /** Fetched through a NAT gateway. */
          jwksUrl: httpsUrl(),
          groupsClaim: z.string().min(1).default('groups'),
        }),
      ])
      .prefault({ kind: 'iam' }),
    /**
     * `user:<sub or ARN of a role>` or `group:<name>`: admin of everything, who gives all others their roles.
     * @default - with IAM, a role of its own that principals of the account may take
     */
    bootstrapAdmin: z
      .string()
      .regex(/^(user|group):\S.{0,254}$/, 'expected user:<sub or ARN> or group:<name>')
      .optional(),
    throttle: z
      .strictObject({ requestsPerSecond: count(1, 10_000).default(50), burst: count(1, 5_000).default(100) })
      .prefault({}),
    /** Requests of one address in five minutes. */
    wafRequestsPer5Minutes: count(10, 2_000_000).default(3_000),
    /** The database configuration service. */
    dbconfig: z
      .strictObject({
        url: serviceUrl(),
        tokenSecretArn: secretArn().optional(),
        /** Where it is: in these ranges, or outside, which takes a NAT gateway. */
        cidrs: z.array(cidr()).min(1).or(z.literal('outside')),
      })
      .optional(),
    /** API Gateway writes logs with one role of the account and region: `false` where it has one. */
    createAccountLogRole: z.boolean().default(true),
  })
  .refine(({ auth, bootstrapAdmin }) => auth.kind === 'iam' || bootstrapAdmin !== undefined, {
    path: ['bootstrapAdmin'],
    error: 'not set, but with auth.kind jwt nobody could give anybody a role',
  });

const scanner = z.strictObject({
  isEnabled: z.boolean().default(true),
  concurrency: count(1, 1_000).default(100),
  /** An invocation samples its proxies for nearly a minute, so each one costs that: small fleets go by batches as well. */
  singlesUpTo: count(0, 1_000).default(10),
  batchSize: count(1, 200).default(25),
  /** How often a collector runs; one that is not named runs each minute. */
  intervalsMs: z.partialRecord(z.enum(COLLECTORS), count(1_000, 604_800_000)).default({}),
  slowSqlMs: count(1, 86_400_000).default(1_000),
  /** The processlist is sampled every 200 ms at most. */
  slowTransactionMs: count(200, 86_400_000).default(5_000),
  showLiterals: z.boolean().default(false),
  sqlStatsTopN: count(1, 10_000).default(200),
});

const gateway = z
  .strictObject({
    tasks: z.strictObject({ min: count(1, 64).default(2), max: count(1, 64).default(8) }).prefault({}),
    cpu: z.literal([256, 512, 1_024, 2_048, 4_096]).default(512),
    memoryMiB: count(512, 30_720).default(1_024),
    /** Of it, for the histories of proxies; the process needs 300 MiB beside them. */
    historyMemoryMiB: count(16, 30_000).default(512),
    digestTopN: count(1, 1_000_000).default(100),
    /** Series in one gateway that another one is started above. */
    seriesPerTask: count(1_000, 10_000_000).default(250_000),
    scrapeIntervalSeconds: count(5, 300).default(15),
  })
  .refine(({ tasks }) => tasks.min <= tasks.max, { path: ['tasks', 'min'], error: 'more than tasks.max' })
  .refine(({ historyMemoryMiB, memoryMiB }) => historyMemoryMiB + 300 <= memoryMiB, {
    path: ['historyMemoryMiB'],
    error: 'leave 300 MiB of memoryMiB to the process',
  });

const stageConfig = z.strictObject({
  /** Stands in the names of everything, so that several stages fit into one account. */
  stage: z.string().regex(/^[a-z][a-z0-9]{0,15}$/, 'expected lower-case letters and digits, 16 at most'),
  /** Whether data outlives the stacks, and nobody deletes a store by mistake. */
  keepsData: z.boolean(),
  logDays: logDays().default(30),
  /** Who is told of alarms, by e-mail. @default - the topic has no subscriber */
  alarmEmail: z.email().optional(),
  network,
  data: data.prefault({}),
  api,
  scanner: scanner.prefault({}),
  gateway: gateway.prefault({}),
});

/** What stands in a stage's file. */
export type StageInput = z.input<typeof stageConfig>;
/** The same with all defaults. */
export type StageConfig = z.output<typeof stageConfig>;

/**
 * The configuration that the context of the app names: `-c stage=prod` for one of `stages/`, `-c stageFile=<path>` for a JSON
 * file of the same form elsewhere. Throws an Error that names each setting that is wrong.
 */
export function stageConfigOf(context: { readonly stage?: unknown; readonly stageFile?: unknown }): StageConfig {
  if (context.stageFile !== undefined) {
    const path = String(context.stageFile);
    return parseStageConfig(jsonFrom(path), `the file ${path}`);
  }
  const stage = String(context.stage ?? 'dev');
  const input = Object.hasOwn(STAGES, stage) ? STAGES[stage] : undefined;
  if (input === undefined)
    throw new Error(`stage ${JSON.stringify(stage)} is unknown, there is ${Object.keys(STAGES).join(', ')}`);
  return parseStageConfig(input, `stage ${stage}`);
}

export function parseStageConfig(input: unknown, what: string): StageConfig {
  const parsed = stageConfig.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new Error(`the configuration of ${what} is wrong:\n${toldOf(parsed.error.issues).join('\n')}`);
}

function toldOf(issues: readonly z.core.$ZodIssue[], prefix: readonly PropertyKey[] = []): string[] {
  return issues.flatMap((issue) => {
    const path = [...prefix, ...issue.path];
    // Of the forms that a part can have, the one that is nearest to what stands there tells what is wrong with it.
    if (issue.code === 'invalid_union' && issue.errors.length > 0) return toldOf(nearest(issue.errors), path);
    return [`  ${path.join('.') || 'all of it'}: ${issue.message}`];
  });
}

function nearest(forms: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] {
  const strangers = (issues: readonly z.core.$ZodIssue[]) =>
    issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 0), 0);
  return forms.toSorted((a, b) => strangers(a) - strangers(b) || a.length - b.length)[0] ?? [];
}

function jsonFrom(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`stageFile ${path} cannot be read as JSON: ${error instanceof Error ? error.message : error}`);
  }
}
