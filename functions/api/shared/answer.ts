/** What a handler answers; the kit adds the request id and writes the body as JSON. */
export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A string goes out as it is, anything else as JSON; `undefined`: no body. */
  readonly body?: unknown;
}

export interface Revised {
  readonly revision: number;
}

export function ok(body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 200, headers, body };
}

/** A resource with its ETag. */
export function okRevised<T extends Revised>(body: T): Answer {
  return ok(body, { etag: etagOf(body.revision) });
}

export function created<T extends Revised>(location: string, body: T): Answer {
  return { status: 201, headers: { location, etag: etagOf(body.revision) }, body };
}

/** The work goes on; `location` tells how far it is. */
export function accepted(location: string, body: unknown): Answer {
  return { status: 202, headers: { location }, body };
}

export function noContent(): Answer {
  return { status: 204 };
}

export function etagOf(revision: number): string {
  return `"${revision}"`;
}
