/** Node's name for the method by which console and `inspect` print an object; core imports nothing of Node. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/**
 * A string that must never be seen: printing, interpolating, serialising or inspecting it gives `[secret]`.
 * Only `reveal()`, called where the value goes on the wire, gives the text.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself. Call it as late as possible, and never near a log line or an error. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [INSPECT](): string {
    return '[secret]';
  }
}
