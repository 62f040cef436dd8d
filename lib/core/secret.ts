import { inspect } from 'node:util';

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

  [inspect.custom](): string {
    return '[secret]';
  }
}
