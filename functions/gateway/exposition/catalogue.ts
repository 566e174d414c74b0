import { checkFamilies, type Family, openMetricsNameOf } from './family.ts';
import { escapeHelp, escapeText } from './labels.ts';

/** The two text formats. They share the bytes of all samples and differ in headers, `_created` lines and the end. */
export type Format = 'text' | 'openmetrics';

/** All families that an exposition can hold, in its order, with their headers. */
export interface Catalogue {
  readonly families: readonly Family[];
  readonly headers: Readonly<Record<Format, readonly Buffer[]>>;
}

/** Throws a TypeError on families that would make an invalid exposition. */
export function createCatalogue(families: readonly Family[]): Catalogue {
  checkFamilies(families);
  return { families, headers: { text: families.map(textHeader), openmetrics: families.map(openMetricsHeader) } };
}

/** What stands behind the last family. */
export const END: Readonly<Record<Format, Buffer>> = { text: Buffer.alloc(0), openmetrics: Buffer.from('# EOF\n') };

function textHeader({ name, type, help }: Family): Buffer {
  return Buffer.from(`# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type === 'info' ? 'gauge' : type}\n`);
}

function openMetricsHeader(family: Family): Buffer {
  const name = openMetricsNameOf(family);
  const unit = family.unit === undefined ? '' : `# UNIT ${name} ${family.unit}\n`;
  return Buffer.from(`# HELP ${name} ${escapeText(family.help)}\n# TYPE ${name} ${family.type}\n${unit}`);
}
