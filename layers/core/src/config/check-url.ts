export interface UrlParts {
  readonly scheme: string;
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number | undefined;
  readonly user: string;
  readonly password: string;
  /** Without its leading slash. */
  readonly path: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/**
 * The decoded parts of a `scheme://` URL whose parameters are all known, or what is wrong with it. No part of it is
 * repeated in a problem, since it may carry a password anywhere.
 */
export function checkUrl(
  text: string,
  schemes: readonly string[],
  knownParameters: readonly string[],
): { readonly value: UrlParts } | { readonly problem: string } {
  if (!URL.canParse(text)) return { problem: 'is no URL' };
  const url = new URL(text);
  const scheme = url.protocol.slice(0, -1);
  if (!schemes.includes(scheme)) return { problem: 'has another scheme' };
  if (url.hostname === '') return { problem: 'has no host' };
  if (url.port === '0') return { problem: 'has port 0' };
  const parameters = new Map(url.searchParams);
  if ([...parameters.keys()].some((name) => !knownParameters.includes(name))) {
    return { problem: 'has unknown parameters' };
  }
  try {
    return {
      value: {
        scheme,
        host: url.hostname.replace(/^\[|\]$/g, ''),
        port: url.port === '' ? undefined : Number(url.port),
        user: decodeURIComponent(url.username),
        password: decodeURIComponent(url.password),
        path: decodeURIComponent(url.pathname.slice(1)),
        parameters,
      },
    };
  } catch {
    return { problem: 'has a broken escape' };
  }
}

/** A parameter that is `true` or `false`; `undefined` if it is not given. */
export function checkFlag(
  parameters: ReadonlyMap<string, string>,
  name: string,
): { readonly value: boolean | undefined } | { readonly problem: string } {
  const text = parameters.get(name);
  if (text === undefined) return { value: undefined };
  if (text === 'true' || text === 'false') return { value: text === 'true' };
  return { problem: `has a ${name} that is neither true nor false` };
}
