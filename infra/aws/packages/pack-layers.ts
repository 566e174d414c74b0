import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { type Files, writeFiles } from './bundle.ts';
import { FUNCTIONS, type LayerName } from './functions.ts';
import { API, CORE, vendorImportsOf } from './layer-imports.ts';
import { bundleLayerPackage } from './layer-package.ts';
import { licensesOf } from './licenses.ts';
import { bundleFunctions } from './pack-functions.ts';
import { packVendorPackage } from './vendor-package.ts';

/** Folders that become `/opt`, one over the other; their order does not matter. */
export type PackedLayers = Readonly<Record<LayerName, string>>;

const MODULES = 'nodejs/node_modules';

/**
 * Writes the layers to `<outDir>/layers/<name>`, and the source maps of our own code to `<outDir>/source-maps/layers`. The
 * vendor layer has what functions, core and api import and nothing else, so that it changes when a package does or is newly
 * used. The same sources and packages give the same bytes.
 */
export async function packLayers({ outDir }: { readonly outDir: string }): Promise<PackedLayers> {
  const [core, api, functions] = await Promise.all([
    bundleLayerPackage(CORE),
    bundleLayerPackage(API),
    bundleFunctions(FUNCTIONS),
  ]);
  const vendor = await packVendor([core.metafile, api.metafile, functions.metafile]);
  const [folder, mapsFolder] = [join(outDir, 'layers'), join(outDir, 'source-maps/layers')];
  await Promise.all([folder, mapsFolder].map((path) => rm(path, { recursive: true, force: true })));
  await writeFiles(join(folder, 'core', MODULES, CORE.name), core.files);
  await writeFiles(join(mapsFolder, 'core'), core.sourceMaps);
  await writeFiles(join(folder, 'api', MODULES, API.name), api.files);
  await writeFiles(join(mapsFolder, 'api'), api.sourceMaps);
  await writeFiles(join(folder, 'vendor'), vendor);
  return { core: join(folder, 'core'), vendor: join(folder, 'vendor'), api: join(folder, 'api') };
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
