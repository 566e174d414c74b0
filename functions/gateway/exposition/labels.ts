/**
 * The inside of a series' braces, `name="value",…`, as UTF-8, to be given to any number of families. Values may hold any
 * text: the formats escape backslash, quote and newline and take every other character as it is, NUL included (Prometheus
 * 2.42 does too). The caller keeps series apart by its own keys, never by this text.
 * Throws a TypeError on an invalid label name.
 */
export function encodeLabels(labels: Readonly<Record<string, string>>): Buffer {
  let text = '';
  for (const name in labels) {
    if (!LABEL_NAME.test(name)) throw new TypeError(`invalid label name ${name}`);
    text += `${text === '' ? '' : ','}${name}="${escapeText(labels[name] as string)}"`;
  }
  return Buffer.from(text);
}

/** Escapes what a label value must not hold plainly. */
export function escapeText(text: string): string {
  return SPECIAL.test(text) ? text.replace(/["\\\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`)) : text;
}

/** Help of the older format: the same, but quotes stay as they are. */
export function escapeHelp(text: string): string {
  return text.replace(/[\\\n]/g, (char) => (char === '\n' ? '\\n' : '\\\\'));
}

/**
 * A bound as OpenMetrics wants it in `le`: what C prints with %g, and integers with `.0`. Both formats get this form, so
 * that a scraper that changes its mind about the format does not find new series.
 */
export function canonicalFloat(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const [mantissa = '', exponentText = '0'] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (value === 0 || (exponent >= -4 && exponent < 6)) return Number.isInteger(value) ? `${value}.0` : String(value);
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const SPECIAL = /["\\\n]/;
