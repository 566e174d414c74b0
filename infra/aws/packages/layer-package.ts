import { globSync } from 'node:fs';
import { join } from 'node:path';
import { type Bundle, bundle, jsonOf, ROOT } from './bundle.ts';
import { type LayerPackage, layerImports } from './layer-imports.ts';

/**
 * A folder of the project as one file of CommonJS: so there is one of each class and one file to open. Its modules are members
 * of what it exports, by their paths, and run when they are first asked for.
 */
export async function bundleLayerPackage({ name, sources }: LayerPackage): Promise<Bundle> {
  const modules = globSync('**/*.ts', { cwd: join(ROOT, sources) })
    .map((path) => path.replace(/\.ts$/, ''))
    .sort();
  const getters = modules.map((path) => `get ${JSON.stringify(path)}() { return require('./${path}.ts'); },`);
  const { files, ...rest } = await bundle({
    stdin: {
      contents: `module.exports = {\n${getters.join('\n')}\n};\n`,
      resolveDir: join(ROOT, sources),
      sourcefile: 'index.js',
    },
    entryNames: 'index',
    plugins: [layerImports],
  });
  const manifest = jsonOf({ name, type: 'commonjs', main: './index.js' });
  return { ...rest, files: new Map([...files, ['package.json', manifest]]) };
}
