import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT, writeFiles } from './bundle.ts';

const SOURCES = 'infra/prometheus/agent';
const FILES = ['Dockerfile', 'start-agent.sh'];

/** Writes what the image of the Prometheus agent is built from to `<outDir>/prometheus`, and answers the folder. */
export async function packPrometheus({ outDir }: { readonly outDir: string }): Promise<string> {
  const folder = join(outDir, 'prometheus');
  await rm(folder, { recursive: true, force: true });
  const texts = FILES.map(async (name) => [name, await readFile(join(ROOT, SOURCES, name), 'utf8')] as const);
  await writeFiles(folder, new Map(await Promise.all(texts)));
  return folder;
}
