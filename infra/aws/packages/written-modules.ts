import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import type { Plugin } from 'esbuild';
import { ROOT } from './bundle.ts';

const SYSTEM = join(ROOT, 'functions/api/system');
const MODULE = /[/\\](known-operations|whole-document)\.ts$/;

/** 7 % larger than the best that there is, in a tenth of its time. */
const FAST = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };

/**
 * What `system` tells of the whole API is written down when it is packed: the methods of each path, and the OpenAPI document.
 * Its function would have the code of all modules otherwise, and run it at each cold start.
 */
export const writtenModules: Plugin = {
  name: 'written-modules',
  setup(build) {
    build.onLoad({ filter: MODULE }, async ({ path }) => {
      if (!path.startsWith(SYSTEM)) return undefined;
      return { contents: path.includes('known-operations') ? await knownOperations() : await wholeDocument() };
    });
  },
};

async function knownOperations(): Promise<string> {
  const { apiRoutes } = await import('../../../functions/api/routes.ts');
  const operations = apiRoutes.map(({ method, path }) => ({ method, path }));
  return `export const knownOperations = ${JSON.stringify(operations, null, 2)};\n`;
}

/** As brotli, since as JSON it is larger than all code of a function. */
async function wholeDocument(): Promise<string> {
  const [{ apiRoutes }, { createDocument }] = await Promise.all([
    import('../../../functions/api/routes.ts'),
    import('../../../functions/api/system/openapi/document.ts'),
  ]);
  const packed = brotliCompressSync(JSON.stringify(createDocument(apiRoutes)), FAST).toString('base64');
  return `import { brotliDecompressSync } from 'node:zlib';
const packed = ${JSON.stringify(packed)};
export async function fetchWholeDocument() {
  return JSON.parse(brotliDecompressSync(Buffer.from(packed, 'base64')).toString());
}
`;
}
