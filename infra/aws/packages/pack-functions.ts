import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bundle, bundle, jsonOf, writeFiles } from './bundle.ts';
import { FUNCTIONS, type FunctionEntry } from './functions.ts';
import { layerImports } from './layer-imports.ts';

export interface PackedFunction {
  readonly name: string;
  /** The folder that becomes `/var/task`. */
  readonly path: string;
  /** As Lambda wants it: file and export. */
  readonly handler: string;
}

const HANDLER = 'handler.handler';

/**
 * Writes each function's own code to `<outDir>/functions/<name>` and its source map to `<outDir>/source-maps/functions`, apart
 * from what is deployed. Layers have the rest: see `packLayers`. The same sources give the same bytes.
 */
export async function packFunctions({ outDir }: { readonly outDir: string }): Promise<readonly PackedFunction[]> {
  const { files, sourceMaps } = await bundleFunctions(FUNCTIONS);
  const [folder, mapsFolder] = [join(outDir, 'functions'), join(outDir, 'source-maps/functions')];
  await Promise.all([folder, mapsFolder].map((path) => rm(path, { recursive: true, force: true })));
  await writeFiles(folder, files);
  await writeFiles(mapsFolder, sourceMaps);
  // Without it Node asks whether the file is a module, which Lambda has switched off.
  const marker = jsonOf({ type: 'commonjs' });
  await writeFiles(folder, new Map(FUNCTIONS.map(({ name }) => [`${name}/package.json`, marker])));
  return FUNCTIONS.map(({ name }) => ({ name, path: join(folder, name), handler: HANDLER }));
}

/** All of them at once: files `<name>/handler.js`. */
export function bundleFunctions(functions: readonly FunctionEntry[]): Promise<Bundle> {
  return bundle({
    entryPoints: functions.map(({ name, entry }) => ({ in: entry, out: `${name}/handler` })),
    plugins: [layerImports],
  });
}
