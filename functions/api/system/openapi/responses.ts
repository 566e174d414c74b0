import type { z } from 'zod';
import type { JsonSchema } from '#api/query-schema';
import type { AnswerSpec, AnyRoute } from '#api/route';
import {
  type HeaderPart,
  headerReferences,
  headersOfProblem,
  problemReference,
  problemResponse,
} from './common-parts.ts';
import type { Reference, Response } from './document-types.ts';
import { jsonSchemaOf, shapeOf } from './json-schema.ts';

type AddComponents = (components: Readonly<Record<string, JsonSchema>>) => void;

/** All that a route may answer: what it says itself, and what the kit answers for it. */
export function responsesOf(route: AnyRoute, add: AddComponents): Readonly<Record<string, Response | Reference>> {
  const responses: Record<string, Response | Reference> = {};
  for (const status of problemStatuses(route)) responses[status] = problemReference(status);
  const answers = withDryRun(route);
  for (const [status, answer] of Object.entries(answers))
    responses[status] = responseOf(route, Number(status), answer, add);
  if (isRevised(route)) {
    responses[304] = {
      description: 'the caller has this revision already',
      headers: headerReferences(['RequestId', 'ETag']),
    };
  }
  return responses;
}

/** Statuses of problems that the kit itself may answer a request of this route with. */
export function problemStatuses({ method, role, body, params, needsIfMatch, module }: AnyRoute): readonly number[] {
  const isChange = method !== 'GET';
  return [
    400,
    ...(role === 'public' ? [] : [401, 403, 422]),
    ...(isChange || params !== undefined ? [404, 409] : []),
    ...(isChange ? [412] : []),
    ...(body === undefined ? [] : [413, 415]),
    ...(needsIfMatch === true ? [428] : []),
    429,
    ...(ASKS_OTHERS.has(module) ? [502] : []),
    503,
  ];
}

/** Modules behind which services stand that may answer nonsense. */
const ASKS_OTHERS = new Set(['databases', 'monitoring', 'namespaces']);

/** GET of one resource: its answer has a revision. */
export function isRevised({ method, answers }: AnyRoute): boolean {
  return method === 'GET' && hasRevision(answers[200]?.schema);
}

/** A rehearsed change answers 200 with what it would have answered. */
function withDryRun({ query, answers }: AnyRoute): AnyRoute['answers'] {
  const wouldBe = answers[201] ?? answers[202];
  if (wouldBe === undefined || answers[200] !== undefined || !('dryRun' in shapeOf(query))) return answers;
  return { ...answers, 200: { ...wouldBe, description: `dry run: ${wouldBe.description}` } };
}

function responseOf(route: AnyRoute, status: number, answer: AnswerSpec, add: AddComponents): Response {
  const { description, schema, contentType = 'application/json', otherContentType } = answer;
  if (status >= 400) return problemResponse(description, headersOfProblem(status));
  const { schema: json, components } =
    schema === undefined
      ? { schema: undefined, components: {} }
      : jsonSchemaOf(schema, 'output', `${route.operationId}${status}`);
  add(components);
  const hasBody = schema !== undefined || answer.contentType !== undefined;
  return {
    description,
    headers: headerReferences(headersOf(route, status, answer)),
    ...(hasBody && {
      content: {
        [contentType]: json === undefined ? { schema: { type: 'string' } } : { schema: json },
        ...(otherContentType !== undefined && { [otherContentType]: { schema: { type: 'string' } } }),
      },
    }),
  };
}

function headersOf({ method, module }: AnyRoute, status: number, { schema }: AnswerSpec): readonly HeaderPart[] {
  const isChange = method !== 'GET';
  return [
    'RequestId',
    ...(hasRevision(schema) ? (['ETag'] as const) : []),
    ...(status === 201 || status === 202 ? (['Location'] as const) : []),
    ...(isChange || module === 'databases' ? (['Warning'] as const) : []),
    ...(method === 'POST' ? (['IdempotentReplayed'] as const) : []),
  ];
}

function hasRevision(schema: z.ZodType | undefined): boolean {
  return 'revision' in shapeOf(schema);
}
