/** Repetitions are found by looking back this far. */
const LOOK_BEHIND = 16;

/** Where a statement is written without its literals. Its end is kept apart, so that looking back costs the same for any length. */
export class MaskedOutput {
  #head = '';
  #tail = '';

  get length(): number {
    return this.#head.length + this.#tail.length;
  }

  get text(): string {
    return this.#head + this.#tail;
  }

  /** Whether a dot that follows belongs to a name. */
  get endsWithName(): boolean {
    return /[\p{L}\p{N}_$`]$/u.test(this.#tail);
  }

  write(text: string): void {
    this.#tail += text;
    if (this.#tail.length <= 4 * LOOK_BEHIND) return;
    this.#head += this.#tail.slice(0, -LOOK_BEHIND);
    this.#tail = this.#tail.slice(-LOOK_BEHIND);
  }

  /** One space, however many are asked for, and none at the beginning. */
  writeSpace(): void {
    if (this.#tail !== '' && !this.#tail.endsWith(' ')) this.write(' ');
  }

  /** A literal; several of them in a list become one. */
  writeLiteral(): void {
    const list = /\?\+?\s?,\s?$/.exec(this.#tail);
    if (list) this.#tail = `${this.#tail.slice(0, list.index)}?+`;
    else this.write('?');
  }

  /** The end of a group, as of a row to insert; equal groups of literals in a list become one. */
  writeGroupEnd(): void {
    const repeated = /(\(\?\+?)\s?\)\s?,\s?\1\s?$/.exec(this.#tail);
    if (repeated) this.#tail = `${this.#tail.slice(0, repeated.index)}${repeated[1]})`;
    else this.write(')');
  }
}
