import { z } from 'zod';

const schema = z.strictObject({
  /** Stands in the names of all stacks, so that several stages fit into one account. */
  stage: z.string().regex(/^[a-z][a-z0-9]{0,15}$/, 'lower-case letters and digits, 16 at most'),
  /** How long Amazon Managed Prometheus keeps samples. */
  metricsRetentionDays: z.number().int().min(1).max(1095),
});

export type StageConfig = z.infer<typeof schema>;

const STAGES: Readonly<Record<string, z.input<typeof schema>>> = {
  dev: { stage: 'dev', metricsRetentionDays: 30 },
  prod: { stage: 'prod', metricsRetentionDays: 150 },
};

/** The configuration of a stage (`cdk … -c stage=prod`). Throws on a stage that is unknown. */
export function stageConfigOf(stage: string): StageConfig {
  const config = STAGES[stage];
  if (!config) throw new Error(`stage ${JSON.stringify(stage)} is unknown, there is ${Object.keys(STAGES).join(', ')}`);
  return schema.parse(config);
}
