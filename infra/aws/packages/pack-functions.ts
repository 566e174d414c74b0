import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { type Bundle, bundle, jsonOf, writeFiles } from './bundle.ts';
import { FUNCTIONS, type FunctionEntry, type LayerName } from './functions.ts';
import { API, layerImports } from './layer-imports.ts';
import { writtenModules } from './written-modules.ts';

export interface PackedFunction {
  readonly name: string;
  /** The folder that becomes `/var/task`. */
  readonly path: string;
  /** As Lambda wants it: file and export. */
  readonly handler: string;
  /** That it requires something of. */
  readonly layers: readonly LayerName[];
}

const HANDLER = 'handler.handler';

/**
 * Writes each function's own code to `<outDir>/functions/<name>` and its source map to `<outDir>/source-maps/functions`, apart
 * from what is deployed. Layers have the rest: see `packLayers`. The same sources give the same bytes.
 */
export async function packFunctions({ outDir }: { readonly outDir: string }): Promise<readonly PackedFunction[]> {
  const { files, sourceMaps, metafile } = await bundleFunctions(FUNCTIONS);
  const [folder, mapsFolder] = [join(outDir, 'functions'), join(outDir, 'source-maps/functions')];
  await Promise.all([folder, mapsFolder].map((path) => rm(path, { recursive: true, force: true })));
  await writeFiles(folder, files);
  await writeFiles(mapsFolder, sourceMaps);
  // Without it Node asks whether the file is a module, which Lambda has switched off.
  const marker = jsonOf({ type: 'commonjs' });
  await writeFiles(folder, new Map(FUNCTIONS.map(({ name }) => [`${name}/package.json`, marker])));
  return FUNCTIONS.map(({ name }) => ({
    name,
    path: join(folder, name),
    handler: HANDLER,
    layers: layersOf(name, metafile),
  }));
}

/** Everything is built on core, and core on packages. */
function layersOf(name: string, { outputs }: Metafile): readonly LayerName[] {
  const output = Object.entries(outputs).find(([path]) => path.endsWith(`/${name}/handler.js`));
  const usesApi = output?.[1].imports.some(({ path }) => path === API.name) === true;
  return ['core', 'vendor', ...(usesApi ? (['api'] as const) : [])];
}

/** All of them at once: files `<name>/handler.js`. */
export function bundleFunctions(functions: readonly FunctionEntry[]): Promise<Bundle> {
  return bundle({
    entryPoints: functions.map(({ name, entry }) => ({ in: entry, out: `${name}/handler` })),
    plugins: [layerImports, writtenModules],
  });
}
