import { readFileSync } from 'node:fs';
import { messageOf } from '@proxywatch/core/domain/errors';
import { COLLECTORS } from '@proxywatch/core/domain/scan/collectors';
import { z } from 'zod';
import { data } from './config-data.ts';
import { cidr, count, httpsUrl, logDays, secretArn, serviceUrl } from './config-fields.ts';
import { oneOf, wordsFor } from './config-forms.ts';
import { gateway } from './config-gateway.ts';
import { network } from './config-network.ts';
import { STAGES } from './stages/index.ts';

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
        cidrs: oneOf(z.array(cidr()).min(1, 'name its ranges, or "outside"'), z.literal('outside')),
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
  /** An invocation samples its proxies for nearly a minute, so each one costs that: small fleets go by batches too. */
  singlesUpTo: count(0, 1_000).default(0),
  batchSize: count(1, 200).default(25),
  /** How often a collector runs; one that is not named runs each minute. */
  intervalsMs: z.partialRecord(z.enum(COLLECTORS), count(1_000, 604_800_000)).default({}),
  slowSqlMs: count(1, 86_400_000).default(1_000),
  /** The processlist is sampled every 200 ms at most. */
  slowTransactionMs: count(200, 86_400_000).default(5_000),
  showLiterals: z.boolean().default(false),
  sqlStatsTopN: count(1, 10_000).default(200),
});

const stageConfig = z.strictObject({
  /** Stands in the names of everything, so that several stages fit into one account. */
  stage: z.string().regex(/^[a-z][a-z0-9]{0,15}$/, 'expected lower-case letters and digits, 16 at most'),
  /** Whether data outlives the stacks, and nobody deletes a store by mistake. */
  keepsData: z.boolean(),
  logDays: logDays().default(30),
  /** Who is told of alarms, by e-mail. @default - the topic has no subscriber */
  alarmEmail: z.email('expected an e-mail address').optional(),
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
 * file of the same form elsewhere, `dev` for neither. Throws an Error that names each setting that is wrong.
 */
export function stageConfigOf(context: { readonly stage?: unknown; readonly stageFile?: unknown }): StageConfig {
  const { stage = 'dev', stageFile } = context;
  if (stageFile === undefined) return parseStageConfig(stageNamed(String(stage)), `stage ${stage}`);
  if (context.stage !== undefined) throw new Error('stage and stageFile are both given: name one of them');
  return parseStageConfig(jsonFrom(String(stageFile)), `the file ${stageFile}`);
}

export function parseStageConfig(input: unknown, what: string): StageConfig {
  const parsed = stageConfig.safeParse(input, { error: (issue) => wordsFor(issue) });
  if (parsed.success) return parsed.data;
  const told = parsed.error.issues.map(({ path, message }) => `  ${path.join('.') || 'all of it'}: ${message}`);
  throw new Error(`the configuration of ${what} is wrong:\n${told.join('\n')}`);
}

function stageNamed(name: string): StageInput {
  const stage = Object.hasOwn(STAGES, name) ? STAGES[name] : undefined;
  if (stage !== undefined) return stage;
  throw new Error(`stage ${JSON.stringify(name)} is unknown, there is ${Object.keys(STAGES).join(', ')}`);
}

function jsonFrom(path: string): unknown {
  const text = textFrom(path);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`stageFile ${path} is no JSON: ${messageOf(error)}`);
  }
}

function textFrom(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`stageFile cannot be read: ${messageOf(error)}`);
  }
}
