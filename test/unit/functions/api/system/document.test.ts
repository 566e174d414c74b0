import { beforeAll, describe, expect, test } from '@jest/globals';
import type { z } from 'zod';
import { apiRoutes } from '../../../../../functions/api/routes.ts';
import { createDocument } from '../../../../../functions/api/system/openapi/document.ts';
import type { OpenApiDocument, Operation } from '../../../../../functions/api/system/openapi/document-types.ts';
import { type Schema, valuesOf } from '../../../../support/json-schema-arbitrary.ts';
import { fc } from '../../../../support/properties.ts';

let document: OpenApiDocument;
let operations: readonly { readonly path: string; readonly method: string; readonly operation: Operation }[];

beforeAll(() => {
  document = createDocument(apiRoutes);
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
});

/** What a local reference leads to. */
function resolve(reference: string): unknown {
  const parts = reference.replace(/^#\//, '').split('/');
  return parts.reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], document);
}

function walk(value: unknown, visit: (object: Record<string, unknown>) => void): void {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) visit(value as Record<string, unknown>);
  for (const child of Object.values(value)) walk(child, visit);
}

describe('the OpenAPI document', () => {
  test('tells of every route under a name of its own', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(ids.toSorted()).toEqual(apiRoutes.map(({ operationId }) => operationId).toSorted());
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[a-z][A-Za-z0-9]*$/);
  });

  test('is the same each time', () => {
    expect(JSON.stringify(createDocument(apiRoutes))).toBe(JSON.stringify(document));
  });

  test('refers to nothing that is not in it', () => {
    const references = new Set<string>();
    walk(document, ({ $ref }) => typeof $ref === 'string' && references.add($ref));
    expect(references.size).toBeGreaterThan(5);
    for (const reference of references) expect([reference, resolve(reference)]).toEqual([reference, expect.anything()]);
  });

  test('declares each path parameter, once, and no two paths of one form', () => {
    for (const { path, operation } of operations) {
      const declared = operation.parameters.flatMap((parameter) =>
        'in' in parameter && parameter.in === 'path' ? [parameter] : [],
      );
      const wanted = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect([path, declared.map(({ name }) => name).toSorted()]).toEqual([path, wanted.toSorted()]);
      expect(declared.every(({ required }) => required)).toBe(true);
      const names = operation.parameters.map((parameter) =>
        JSON.stringify('$ref' in parameter ? parameter.$ref : [parameter.in, parameter.name]),
      );
      expect([path, new Set(names).size]).toEqual([path, names.length]);
    }
    const forms = Object.keys(document.paths).map((path) => path.replaceAll(/\{\w+\}/g, '{}'));
    expect(new Set(forms).size).toBe(forms.length);
  });

  test('names the role of each operation, and credentials for all but the public ones', () => {
    for (const { path, operation } of operations) {
      const role = operation['x-required-role'];
      expect([path, ['public', 'viewer', 'operator', 'admin'].includes(role)]).toEqual([path, true]);
      expect([path, operation.security]).toEqual([path, role === 'public' ? [] : undefined]);
      expect(operation.responses[401] === undefined).toBe(role === 'public' && path !== '/healthz');
    }
    expect(
      operations
        .filter(({ operation }) => operation['x-required-role'] === 'public')
        .map(({ path }) => path)
        .toSorted(),
    ).toEqual(['/docs', '/healthz', '/openapi.json']);
  });

  test('says of each operation what it answers when all is well, and what may go wrong', () => {
    for (const { path, method, operation } of operations) {
      const statuses = Object.keys(operation.responses).map(Number);
      const name = `${method} ${path}`;
      expect([name, statuses.some((status) => status >= 200 && status < 300)]).toEqual([name, true]);
      expect([name, statuses]).toEqual([name, expect.arrayContaining([400, 429, 503])]);
      if (operation.requestBody) expect([name, statuses]).toEqual([name, expect.arrayContaining([409, 413, 415, 422])]);
      if (method === 'patch' || method === 'delete')
        expect([name, statuses]).toEqual([name, expect.arrayContaining([404, 412, 428])]);
      if (method === 'get') expect([name, operation.requestBody]).toEqual([name, undefined]);
    }
  });

  test('has parameters and tags that are declared', () => {
    const tags = new Set(document.tags.map(({ name }) => name));
    for (const { operation } of operations) expect(operation.tags.every((tag) => tags.has(tag))).toBe(true);
  });

  test('has schemas without words that JSON Schema does not know', () => {
    walk(document, (object) => {
      expect(object.nullable).toBeUndefined();
      expect(object).not.toHaveProperty('$schema');
    });
  });
});

describe('a route', () => {
  test.each(apiRoutes.map((route) => [route.operationId, route] as const))(
    '%s has an example that fits',
    (_name, route) => {
      if (route.body === undefined) return;
      if (route.example !== undefined) expect(route.body.safeParse(route.example).error).toBeUndefined();
      else
        expect([
          route.operationId,
          route.body.safeParse({}).success || route.body.safeParse(undefined).success,
        ]).toEqual([route.operationId, true]);
    },
  );

  test.each(apiRoutes.map((route) => [route.operationId, route] as const))(
    '%s takes the parameters and bodies that its schema accepts',
    (name, route) => {
      const found = operations.find(({ operation }) => operation.operationId === name)!.operation;
      const json = found.requestBody?.content['application/json']?.schema;
      if (route.body !== undefined && json !== undefined) {
        fc.assert(
          fc.property(valuesOf(inlined(json)), (body) => {
            expect({ body, issues: issuesOf(route.body!, body) }).toEqual({ body, issues: [] });
          }),
          { numRuns: 25, seed: 1 },
        );
      }
      for (const place of ['query', 'path'] as const) {
        const zod = place === 'query' ? route.query : route.params;
        const parameters = found.parameters.flatMap((parameter) =>
          'in' in parameter && parameter.in === place ? [parameter] : [],
        );
        for (const { name: parameter, schema } of zod === undefined ? [] : parameters) {
          // A cursor is what another answer gave.
          if (parameter === 'cursor') continue;
          const shape = zod as unknown as { shape?: Record<string, unknown> };
          if (place === 'query' && shape === undefined) continue;
          fc.assert(
            fc.property(valuesOf(inlined(schema)), (value) => {
              const text = Array.isArray(value) ? value.join(',') : String(value);
              const issues = issuesOf(zod!, { [parameter]: text });
              expect({ text, issues: issues.filter(({ path }) => path[0] === parameter) }).toEqual({
                text,
                issues: [],
              });
            }),
            { numRuns: 10, seed: 1 },
          );
        }
      }
    },
  );
});

/** Without those that JSON Schema has no words for: relations between fields, and what an address or an expression is. */
function issuesOf(schema: z.ZodType, value: unknown): readonly z.core.$ZodIssue[] {
  return (schema.safeParse(value).error?.issues ?? []).filter(({ code }) => code !== 'custom');
}

/** Components that contain themselves end after a few levels. */
function inlined(schema: unknown, depth = 0): Schema {
  if (Array.isArray(schema)) return schema.map((item) => inlined(item, depth)) as unknown as Schema;
  if (typeof schema !== 'object' || schema === null) return schema as unknown as Schema;
  const { $ref } = schema as { $ref?: string };
  if ($ref !== undefined) return depth > 3 ? { type: 'null' } : inlined(resolve($ref), depth + 1);
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, inlined(value, depth)]));
}
