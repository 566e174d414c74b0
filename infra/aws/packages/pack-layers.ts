import { globSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { type Bundle, bundle, type Files, jsonOf, ROOT, writeFiles } from './bundle.ts';
import { FUNCTIONS } from './functions.ts';
import { CORE, CORE_SOURCES, layerImports, vendorImportsOf } from './layer-imports.ts';
import { licensesOf } from './licenses.ts';
import { bundleFunctions } from './pack-functions.ts';
import { packVendorPackage } from './vendor-package.ts';

export interface PackedLayers {
  /** Folders that become `/opt`; the order of the two does not matter. */
  readonly core: string;
  readonly vendor: string;
}

const MODULES = 'nodejs/node_modules';

/**
 * Writes the two layers to `<outDir>/layers/core` and `<outDir>/layers/vendor`, and the source map of the first to
 * `<outDir>/source-maps/layers`. The vendor layer has what functions and core import and nothing else, so that it changes
 * when a package does or is newly used. The same sources and packages give the same bytes.
 */
export async function packLayers({ outDir }: { readonly outDir: string }): Promise<PackedLayers> {
  const [core, functions] = await Promise.all([bundleCore(), bundleFunctions(FUNCTIONS)]);
  const vendor = await packVendor([core.metafile, functions.metafile]);
  const [folder, mapsFolder] = [join(outDir, 'layers'), join(outDir, 'source-maps/layers')];
  await Promise.all([folder, mapsFolder].map((path) => rm(path, { recursive: true, force: true })));
  await writeFiles(join(folder, 'core', MODULES, CORE), core.files);
  await writeFiles(join(mapsFolder, 'core'), core.sourceMaps);
  await writeFiles(join(folder, 'vendor'), vendor);
  return { core: join(folder, 'core'), vendor: join(folder, 'vendor') };
}

/** One file, so that there is one of each class and one file to open; a module runs when it is first asked for. */
async function bundleCore(): Promise<Bundle> {
  const modules = globSync('**/*.ts', { cwd: join(ROOT, CORE_SOURCES) })
    .map((path) => path.replace(/\.ts$/, ''))
    .sort();
  const getters = modules.map((path) => `get ${JSON.stringify(path)}() { return require('./${path}.ts'); },`);
  const { files, ...rest } = await bundle({
    stdin: {
      contents: `module.exports = {\n${getters.join('\n')}\n};\n`,
      resolveDir: join(ROOT, CORE_SOURCES),
      sourcefile: 'index.js',
    },
    entryNames: 'index',
    plugins: [layerImports],
  });
  const manifest = jsonOf({ name: CORE, type: 'commonjs', main: './index.js' });
  return { ...rest, files: new Map([...files, ['package.json', manifest]]) };
}

async function packVendor(metafiles: readonly Metafile[]): Promise<Files> {
  const packages = await Promise.all(
    [...vendorImportsOf(metafiles)].map(([name, imports]) => packVendorPackage(name, imports)),
  );
  const files = packages.flatMap((packed) =>
    [...packed.files].map(([path, text]) => [`${MODULES}/${path}`, text] as const),
  );
  return new Map([...files, ['THIRD-PARTY-LICENSES.txt', licensesOf(packages.map(({ metafile }) => metafile))]]);
}
