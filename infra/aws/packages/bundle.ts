import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Message, type Metafile } from 'esbuild';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Files by their path from the folder that they are written to. */
export type Files = ReadonlyMap<string, string>;

export interface Bundle {
  readonly files: Files;
  readonly sourceMaps: Files;
  readonly metafile: Metafile;
}

// Paths in comments and source maps are relative to a folder in the project, so that the same sources give the same bytes
// wherever the result is written. Nothing is written to this one.
const NOWHERE = join(ROOT, 'packages');

export type Entries = Pick<BuildOptions, 'entryPoints' | 'entryNames' | 'stdin' | 'plugins' | 'logOverride'>;

/**
 * CommonJS for Lambda's Node 24. There `require` looks into the layers and `import` does not, `import()` included; and since
 * Lambda starts Node with --no-experimental-require-module, what is required has to be CommonJS as well. Names and lines stay
 * as they are: stack traces are read by people. Rejects on warnings.
 */
export function bundle(entries: Entries): Promise<Bundle> {
  return bundleAs({ ...entries, format: 'cjs', supported: { 'dynamic-import': false } });
}

// Packages in CommonJS ask for Node's own modules by `require`, which modules do not have.
const REQUIRE = `import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);`;

/** Programs as modules, each in one file with all that it needs but Node. Rejects on warnings. */
export function bundlePrograms(entries: Entries): Promise<Bundle> {
  return bundleAs({ ...entries, format: 'esm', banner: { js: REQUIRE } });
}

async function bundleAs(options: Entries & Pick<BuildOptions, 'format' | 'supported' | 'banner'>): Promise<Bundle> {
  const { outputFiles, metafile, warnings } = await build({
    ...options,
    absWorkingDir: ROOT,
    outdir: NOWHERE,
    write: false,
    metafile: true,
    bundle: true,
    platform: 'node',
    target: 'node24',
    sourcemap: 'external',
    logLevel: 'silent',
  });
  if (warnings.length > 0) throw new Error(`cannot be packed as it is: ${warnings.map(toldOf).join('; ')}`);
  const texts = outputFiles.map(({ path, text }) => [relative(NOWHERE, path), text] as const);
  return {
    files: new Map(texts.filter(([path]) => !path.endsWith('.map'))),
    sourceMaps: new Map(texts.filter(([path]) => path.endsWith('.map'))),
    metafile,
  };
}

export async function writeFiles(folder: string, files: Files): Promise<void> {
  for (const [path, text] of files) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
  }
}

export function jsonOf(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function toldOf({ text, location }: Message): string {
  return location === null ? text : `${location.file}:${location.line}: ${text}`;
}
