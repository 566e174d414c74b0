const EMPTY = -1;
const GONE = -2;
/** Beyond this share of places in use, searches grow long. */
const MAX_LOAD = 2 / 3;

/** Finds the number of a key by its hash: places of four bytes, tried one after the other from where the hash points. */
export class KeyIndex {
  #places: Int32Array;
  #used = 0;

  /** With room for so many keys. */
  constructor(capacity: number) {
    this.#places = new Int32Array(2 ** Math.ceil(Math.log2((capacity + 1) / MAX_LOAD))).fill(EMPTY);
  }

  get byteLength(): number {
    return this.#places.byteLength;
  }

  /** Whether there is a place for one more. Places of numbers that were taken out count as used. */
  get isFull(): boolean {
    return this.#used + 1 > this.#places.length * MAX_LOAD;
  }

  /** The first number from where the hash points that is the one; -1 when there is none. */
  find(hash: number, isTheOne: (number: number) => boolean): number {
    const mask = this.#places.length - 1;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const number = this.#places[place] ?? EMPTY;
      if (number === EMPTY) return EMPTY;
      if (number !== GONE && isTheOne(number)) return number;
    }
  }

  /** Puts a number in that is not there yet; not to be called when full. */
  put(hash: number, number: number): void {
    const mask = this.#places.length - 1;
    let place = hash & mask;
    while (this.#places[place] !== EMPTY) place = (place + 1) & mask;
    this.#places[place] = number;
    this.#used++;
  }

  /** Takes a number out that is there. */
  remove(hash: number, number: number): void {
    const mask = this.#places.length - 1;
    let place = hash & mask;
    while (this.#places[place] !== number) place = (place + 1) & mask;
    this.#places[place] = GONE;
  }
}

/** FNV-1a over UTF-16 units, its bits mixed once more since an index uses the lowest only. */
export function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
