/** A place in an expression that moves on, by code points. */
export class Reader {
  readonly #chars: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#chars = [...text];
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#chars.length;
  }

  /** The next character, or one behind it; empty past the end. */
  peek(ahead = 0): string {
    return this.#chars[this.#at + ahead] ?? '';
  }

  next(): string {
    const char = this.peek();
    this.#at += 1;
    return char;
  }

  /** Moves over the text if it is next. */
  take(text: string): boolean {
    const chars = [...text];
    if (!chars.every((char, i) => this.peek(i) === char)) return false;
    this.#at += chars.length;
    return true;
  }

  /** Moves over what the sticky expression matches here; nothing of it: stays. ASCII only. */
  match(pattern: RegExp): RegExpExecArray | undefined {
    const found = pattern.exec(this.#chars.slice(this.#at, this.#at + 128).join(''));
    if (found === null || found.index !== 0) return undefined;
    this.#at += [...found[0]].length;
    return found;
  }

  /** Some characters from here, for messages. */
  excerpt(length: number): string {
    return this.#chars.slice(this.#at, this.#at + length).join('');
  }
}
