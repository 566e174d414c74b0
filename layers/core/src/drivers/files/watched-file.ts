import { readFile, stat } from 'node:fs/promises';
import { MAX_FILE_BYTES } from '../../config/json-file-field.ts';
import { messageOf, ProxywatchError } from '../../domain/errors.ts';

/** A file whose newest readable state is asked for again and again. */
export interface WatchedFile<T> {
  /**
   * The file as it is now. When the newest edit cannot be read or parsed, the last good value with the reason; rejects
   * with that reason while there was no good one yet. Costs one `stat` while the file is unchanged.
   */
  read(signal?: AbortSignal): Promise<FileState<T>>;
}

export interface FileState<T> {
  readonly value: T;
  /** Why the newest state of the file was not taken over; it may repeat names from the file, never its secrets. */
  readonly problem?: string;
}

/** Asking beats watching: no handles to own, and it works on the mounts of containers, where inotify is silent. */
export function createWatchedFile<T>(path: string, parse: (text: string) => T): WatchedFile<T> {
  let stampRead: string | undefined;
  let good: { readonly value: T } | undefined;
  let failure: unknown;

  async function refresh(signal: AbortSignal | undefined): Promise<void> {
    const before = stampRead;
    stampRead = undefined;
    const stamp = await stampOf(path);
    if (stamp !== before) {
      const text = await readFile(path, { encoding: 'utf8', signal });
      // Taken before the reading, so that a file that is written meanwhile is read again; kept when it cannot be parsed.
      stampRead = stamp;
      good = { value: parse(text) };
      failure = undefined;
    }
    stampRead = stamp;
  }

  return {
    async read(signal) {
      signal?.throwIfAborted();
      try {
        await refresh(signal);
      } catch (error) {
        signal?.throwIfAborted();
        failure = error;
      }
      if (good === undefined) throw failure;
      return failure === undefined ? good : { ...good, problem: messageOf(failure) };
    },
  };
}

/** Changes with each write and with each rename over the file, as editors and Kubernetes do it. */
async function stampOf(path: string): Promise<string> {
  const stats = await stat(path, { bigint: true }).catch((error: unknown) => {
    throw new ProxywatchError('CONFIG_INVALID', `${path} cannot be read`, { cause: error });
  });
  if (!stats.isFile()) throw new ProxywatchError('CONFIG_INVALID', `${path} is no file`);
  if (stats.size > MAX_FILE_BYTES)
    throw new ProxywatchError('CONFIG_INVALID', `${path} is larger than ${MAX_FILE_BYTES} bytes`);
  return `${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
}
