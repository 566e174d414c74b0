import { parseCredentials } from '../../config/credentials-file.ts';
import { ProxywatchError } from '../../domain/errors.ts';
import type { CredentialSource } from '../../ports/credential-source.ts';
import { createWatchedFile } from '../files/watched-file.ts';

export interface FileCredentialsOptions {
  /** PROXY_CREDENTIALS_FILE: JSON, reference → {"user", "password"}. */
  readonly path: string;
  /** Hears once of each broken edit, while the credentials before it stay in use. */
  readonly onProblem?: (problem: string) => void;
}

/** Credentials from a file that is read again when it changed. */
export function createFileCredentials({ path, onProblem }: FileCredentialsOptions): CredentialSource {
  const file = createWatchedFile(path, (text) => parseCredentials(text, path));
  let reported: string | undefined;
  return {
    async fetchCredential(ref, signal) {
      const { value, problem } = await file.read(signal);
      if (problem !== undefined && problem !== reported) onProblem?.(problem);
      reported = problem;
      const credential = value.get(ref);
      if (credential === undefined)
        throw new ProxywatchError('CREDENTIAL_MISSING', `no credential "${ref}" in ${path}`);
      return credential;
    },
  };
}
