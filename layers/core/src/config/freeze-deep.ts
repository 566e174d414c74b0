/** Freezes plain objects and arrays all the way down; other objects (URL, RegExp) are left as they are. */
export function freezeDeep<T>(value: T): T {
  if (Array.isArray(value) || isPlain(value)) {
    for (const part of Object.values(value)) freezeDeep(part);
    Object.freeze(value);
  }
  return value;
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
