import { z } from 'zod';
import { count, hostPort, kmsKeyArn, port, secretArn } from './config-fields.ts';
import { oneOf } from './config-forms.ts';

/** Stores of a stage: each one is made, or was there before. */
export const data = z.strictObject({
  dcdb: oneOf(
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
      database: z.string().regex(/^\w{1,64}$/, 'expected letters, digits and _, 64 at most'),
      /** JSON with `username` and `password`, as RDS writes it. */
      secretArn: secretArn(),
      tls: z.boolean().default(true),
    }),
  ).prefault({}),
  redis: oneOf(
    z.strictObject({
      maxStorageGb: count(1, 5_000).default(5),
      maxEcpuPerSecond: count(1_000, 15_000_000).default(10_000),
    }),
    z.strictObject({ address: hostPort(), tls: z.boolean().default(true), cluster: z.boolean().optional() }),
    /** A secret whose whole value is the URL, for a Redis with a password. */
    z.strictObject({ urlSecretArn: secretArn(), port: port().default(6379) }),
  ).prefault({}),
  kafka: oneOf(
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
    /** Events go to the DCDB alone. */
    z.literal('none'),
  ).prefault({}),
  metrics: oneOf(
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
  ).prefault({}),
  /** Secrets with `{"<reference>":{"user":"…","password":"…"}}`. @default - empty ones are made, to be filled in */
  proxyCredentials: z.strictObject({ statsSecretArn: secretArn(), adminSecretArn: secretArn() }).optional(),
  /** Keys that secrets which were there are encrypted with, where that is not `aws/secretsmanager`. */
  secretKeyArns: z.array(kmsKeyArn()).default([]),
});
