import { z } from 'zod';
import { ok } from '#api/answer';
import { route } from '#api/route';
import { DOCS_POLICY, renderDocs } from './docs/render-docs.ts';
import type { OpenApiDocument } from './openapi/document-types.ts';
import { fetchWholeDocument } from './whole-document.ts';

let document: Promise<OpenApiDocument> | undefined;
let page: Promise<string> | undefined;

function wholeDocument(): Promise<OpenApiDocument> {
  document ??= fetchWholeDocument();
  return document;
}

export const getOpenApi = route({
  module: 'system',
  method: 'GET',
  path: '/openapi.json',
  operationId: 'getOpenApi',
  summary: 'This API as OpenAPI 3.1',
  role: 'public',
  answers: { 200: { description: 'the document', schema: z.looseObject({ openapi: z.string() }) } },
  handle: async () => ok(await wholeDocument()),
});

export const getDocs = route({
  module: 'system',
  method: 'GET',
  path: '/docs',
  operationId: 'getDocs',
  summary: 'This API for people',
  role: 'public',
  answers: { 200: { description: 'a page', contentType: 'text/html' } },
  async handle() {
    page ??= wholeDocument().then(renderDocs);
    return ok(await page, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': DOCS_POLICY,
      'referrer-policy': 'no-referrer',
    });
  },
});
