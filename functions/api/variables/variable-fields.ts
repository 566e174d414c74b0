import { VARIABLE_SCOPES } from '@proxywatch/core/domain/control/effective-variables';
import { z } from 'zod';
import { identifier, instant, text, timestamp } from '#api/fields';

const LONGEST_VALUE = 8_192;
export const DEFAULT_KIND = 'proxysql';

/** Shown instead of a secret value. */
export const MASK = '***';

export const kindField = identifier().default(DEFAULT_KIND);

/** Numbers and booleans are taken as the text that proxies know. */
export const valueField = z.union([text(LONGEST_VALUE), z.number(), z.boolean()]).transform(String);

export const reasonField = text(1_000);

/** What a setting is of. */
export const identityFields = {
  scope: z.enum(VARIABLE_SCOPES),
  scopeName: z
    .union([z.literal(''), identifier()])
    .default('')
    .meta({ description: 'name of the namespace or id of the proxy; nothing for the fleet' }),
  kind: kindField,
  name: identifier(),
};

export const settingBody = z
  .strictObject({
    ...identityFields,
    value: valueField,
    reason: reasonField.optional(),
    expiresAt: timestamp().nullable().optional(),
  })
  .refine(hasScopeName, { path: ['scopeName'], error: 'expected a name for a namespace or proxy, none for the fleet' });
export type SettingBody = z.output<typeof settingBody>;

export function hasScopeName({ scope, scopeName }: { readonly scope: string; readonly scopeName: string }): boolean {
  return (scope === 'fleet') === (scopeName === '');
}

/** A setting as it is shown: a secret masked. */
export const settingAnswer = z.strictObject({
  id: z.string(),
  scope: z.enum(VARIABLE_SCOPES),
  scopeName: z.string(),
  kind: z.string(),
  name: z.string(),
  value: z.string(),
  secret: z.boolean(),
  reason: z.string(),
  expired: z.boolean().meta({ description: 'true: it holds no more' }),
  expiresAt: instant().nullable(),
  createdBy: z.string(),
  revision: z.int(),
  createdAt: instant(),
  updatedAt: instant(),
});
export type SettingAnswer = z.infer<typeof settingAnswer>;

/** Where the change goes on to the proxies from. */
export const plansField = z
  .array(z.strictObject({ namespace: z.string(), href: z.string() }))
  .meta({ description: 'namespaces with proxies that it holds for: POST there for a plan' });

export const changedSetting = settingAnswer.extend({ plans: plansField });

export const definitionFields = {
  kind: z.string(),
  name: z.string(),
  type: z.enum(['boolean', 'integer', 'string']),
  range: z.array(z.number()).length(2).nullable(),
  default: z.string(),
  needsRestart: z.boolean(),
  secret: z.boolean(),
  guarded: z.boolean().meta({ description: 'true: setting it needs the role admin and a reason' }),
  refusal: z.string().nullable().meta({ description: 'why it cannot be set at all' }),
};

export const desiredValue = z
  .strictObject({
    value: z.string(),
    scope: z.enum(VARIABLE_SCOPES),
    scopeName: z.string(),
    settingId: z.string(),
    reason: z.string(),
    expiresAt: instant().nullable(),
  })
  .nullable()
  .meta({ description: 'what it is to be, and who says so; null: nobody decided, it stays as it is' });

const layerValue = z.string().nullable();

/** What a proxy has now; null where the layer has no such variable. */
export const liveFields = {
  memory: layerValue,
  runtime: layerValue,
  disk: layerValue,
  drift: z
    .array(z.enum(['desired', 'memory', 'disk']))
    .meta({ description: 'what differs from the value that runs: the desired one, that in memory, that on disk' }),
};
