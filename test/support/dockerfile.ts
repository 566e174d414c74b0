import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a Dockerfile of ours says: one stage, without arguments, command lines as JSON. */
export interface Dockerfile {
  readonly base: string;
  /** In the order of the file. */
  readonly instructions: readonly { readonly name: string; readonly text: string }[];
  readonly environment: Readonly<Record<string, string>>;
  /** Paths in the context that are copied. */
  readonly sources: readonly string[];
  readonly user: string | undefined;
  readonly entrypoint: readonly string[];
  readonly healthCommand: readonly string[];
}

/** Reads the Dockerfile of a folder that an image is built from. */
export function readDockerfile(context: string): Dockerfile {
  const lines = readFileSync(join(context, 'Dockerfile'), 'utf8')
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const instructions = lines.map((line) => {
    const [, name = '', text = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (name === '') throw new Error(`no instruction of a Dockerfile: ${line}`);
    return { name, text: text.trim() };
  });
  const textsOf = (wanted: string) => instructions.flatMap(({ name, text }) => (name === wanted ? [text] : []));
  return {
    base: textsOf('FROM').join(),
    instructions,
    environment: Object.fromEntries(
      textsOf('ENV').flatMap((text) => text.split(/\s+/).map((pair) => pair.split('=', 2) as [string, string])),
    ),
    sources: textsOf('COPY').flatMap((text) => text.split(/\s+/).slice(0, -1)),
    user: textsOf('USER').at(-1),
    entrypoint: JSON.parse(textsOf('ENTRYPOINT').at(-1) ?? '[]'),
    healthCommand: JSON.parse(/CMD (\[.*\])$/.exec(textsOf('HEALTHCHECK').at(-1) ?? '')?.[1] ?? '[]'),
  };
}
