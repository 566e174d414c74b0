import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { z } from 'zod';
import { ok } from '#api/answer';
import { identifier, instant } from '#api/fields';
import { route } from '#api/route';
import { staleSeconds } from './database-fields.ts';
import { withAge } from './with-age.ts';

const CURSOR = /^[!-~]{1,256}$/;

const change = z.strictObject({
  at: instant(),
  cluster: identifier(),
  kind: z.string(),
  instance: identifier().optional(),
  message: z.string(),
});

export const listChanges = route({
  module: 'databases',
  method: 'GET',
  path: '/v1/databases/changes',
  operationId: 'listDatabaseChanges',
  summary: 'What changed in the database configuration service, oldest first',
  description: 'Ask again with `since` set to the `cursor` of the answer; no items mean that there is nothing new.',
  role: 'viewer',
  query: z.strictObject({
    since: z
      .string()
      .regex(CURSOR, { error: 'expected the cursor of an earlier answer' })
      .meta({ maxLength: 256, description: '`cursor` of an earlier answer; without it from the oldest that is kept' })
      .optional(),
  }),
  answers: {
    200: {
      description: 'changes behind the cursor',
      schema: z.strictObject({ items: z.array(change), cursor: z.string(), staleSeconds }),
    },
    502: { description: 'the service answered what it must not' },
  },
  async handle({ databases }, { query, signal }) {
    const { value, staleSeconds: age } = await databases.fetchChanges(query.since, signal);
    if (value !== undefined) return withAge(ok(value), age);
    throw new ProxywatchError('REQUEST_INVALID', 'the service does not know this cursor (any more)', {
      problems: [{ pointer: '?since', message: 'is not known to the service (any more): begin without it' }],
    });
  },
});
