import { z } from 'zod';
import type { Credential } from '../domain/proxy.ts';
import { parseJson } from './parse-json.ts';

/** Form of PROXY_CREDENTIALS_FILE: reference → user and password. */
export const credentialsFile = z.record(
  z.string().min(1),
  z.strictObject({ user: z.string().min(1, { error: 'empty' }), password: z.string() }),
);

/** Parses the text of PROXY_CREDENTIALS_FILE; throws one CONFIG_INVALID with all problems and none of the secrets. */
export function parseCredentials(text: string, source = 'PROXY_CREDENTIALS_FILE'): ReadonlyMap<string, Credential> {
  return new Map(Object.entries(parseJson(credentialsFile, text, source)));
}
