import { existsSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import type { Metafile, Plugin } from 'esbuild';
import { ROOT } from './bundle.ts';

/** Folders of the project that are a package of a layer, in one file with all their modules. */
export interface LayerPackage {
  readonly name: string;
  /** What the names of its modules begin with, where others import them. */
  readonly importedAs: string;
  /** From the root of the project. */
  readonly sources: string;
}

export const CORE: LayerPackage = {
  name: '@proxywatch/core',
  importedAs: '@proxywatch/core',
  sources: 'layers/core/src',
};
/** What the modules of the API have in common. */
export const API: LayerPackage = { name: '@proxywatch/api', importedAs: '#api', sources: 'functions/api/shared' };

/** The runtime brings the clients of AWS, all of one version. In a layer they would come first, and mix with its own. */
const RUNTIME = /^@aws-sdk\/client-/;
const VENDOR: readonly string[] = ['package.json', 'layers/vendor/package.json']
  .flatMap((path) => Object.keys(JSON.parse(readFileSync(join(ROOT, path), 'utf8')).dependencies))
  .filter((name) => !RUNTIME.test(name));

/**
 * Leaves to layers and runtime what they have; anything else that is no file of the project is an error. Modules of the layers
 * `core` and `api` are taken from the one file of each: opening one for each of them took longer than all that they do.
 */
export const layerImports: Plugin = {
  name: 'layer-imports',
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
      if (kind === 'entry-point') return undefined;
      for (const layer of [CORE, API]) {
        if (path.startsWith(`${layer.importedAs}/`)) return moduleOf(layer, path.slice(layer.importedAs.length + 1));
      }
      const isLayer = path === CORE.name || path === API.name;
      if (isLayer || isBuiltin(path) || RUNTIME.test(path) || isInVendor(path)) return { path, external: true };
      return {
        errors: [{ text: `${path} is in no layer: add it to the dependencies in layers/vendor/package.json` }],
      };
    });
    for (const { name } of [CORE, API]) {
      build.onLoad({ filter: /./, namespace: name }, ({ path }) => ({
        contents: `module.exports = require(${JSON.stringify(name)})[${JSON.stringify(path)}];`,
      }));
    }
  },
};

/** What of third-party packages is imported, such as `kysely/migration`: by package, sorted. */
export function vendorImportsOf(metafiles: readonly Metafile[]): ReadonlyMap<string, readonly string[]> {
  const imports = metafiles.flatMap(({ outputs }) => Object.values(outputs).flatMap((output) => output.imports));
  const paths = [...new Set(imports.map(({ path }) => path))].filter(isInVendor).sort();
  return Map.groupBy(paths, packageOf);
}

function moduleOf({ name, sources }: LayerPackage, path: string) {
  const file = `${sources}/${path}.ts`;
  return existsSync(join(ROOT, file)) ? { path, namespace: name } : { errors: [{ text: `there is no ${file}` }] };
}

function isInVendor(path: string): boolean {
  return VENDOR.includes(packageOf(path));
}

function packageOf(path: string): string {
  return path
    .split('/')
    .slice(0, path.startsWith('@') ? 2 : 1)
    .join('/');
}
