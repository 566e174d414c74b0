import { createDocument } from './openapi/document.ts';
import type { OpenApiDocument } from './openapi/document-types.ts';

/**
 * Of all routes, which stand above this module: they are looked at when somebody asks. Packed for Lambda it is a text that was
 * written then: it takes the code of all modules to make it.
 */
export async function fetchWholeDocument(): Promise<OpenApiDocument> {
  const { apiRoutes } = await import('../routes.ts');
  return createDocument(apiRoutes);
}
