/**
 * The same value for everybody, made at the first call. One that could not be made is made anew at the next: a service that
 * was away when a process started must not keep it from ever working.
 */
export function madeOnce<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
