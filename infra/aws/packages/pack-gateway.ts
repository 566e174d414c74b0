import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bundlePrograms, jsonOf, ROOT, writeFiles } from './bundle.ts';
import { licensesOf } from './licenses.ts';

const SOURCES = 'functions/gateway';

/**
 * Writes what the gateway's image is built from to `<outDir>/gateway`: its Dockerfile, the program and its health command in
 * one file each, and to `<outDir>/source-maps/gateway` their source maps. Answers the folder. The same sources and packages
 * give the same bytes.
 */
export async function packGateway({ outDir }: { readonly outDir: string }): Promise<string> {
  const { files, sourceMaps, metafile } = await bundlePrograms({
    entryPoints: ['main', 'health'].map((name) => ({ in: `${SOURCES}/${name}.ts`, out: name })),
  });
  const [folder, mapsFolder] = [join(outDir, 'gateway'), join(outDir, 'source-maps/gateway')];
  await Promise.all([folder, mapsFolder].map((path) => rm(path, { recursive: true, force: true })));
  await writeFiles(folder, files);
  await writeFiles(mapsFolder, sourceMaps);
  await writeFiles(
    folder,
    new Map([
      ['Dockerfile', await readFile(join(ROOT, SOURCES, 'Dockerfile'), 'utf8')],
      ['package.json', jsonOf({ private: true, type: 'module' })],
      ['THIRD-PARTY-LICENSES.txt', licensesOf([metafile])],
    ]),
  );
  return folder;
}
