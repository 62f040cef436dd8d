/** Bitbucket's limit of calls in any hour, counted by minutes. */
import type { Instant } from '#core/model/observation.ts';
import { MINUTE_MS } from '#core/time.ts';

const MINUTES = 60;

/** Counts the calls of the past hour. */
export class CallLimit {
  readonly perHour: number;
  readonly #calls = new Uint32Array(MINUTES);
  #minute = 0;
  #sum = 0;
  #most = 0;

  constructor(perHour: number) {
    this.perHour = perHour;
  }

  /** The most calls that were sent in any hour, those included that were turned away. */
  get most(): number {
    return this.#most;
  }

  /** A call is sent now. */
  count(now: Instant): 'passed' | 'too many' {
    this.#forgetUntil(Math.floor(now / MINUTE_MS));
    const slot = this.#minute % MINUTES;
    this.#calls[slot] = (this.#calls[slot] ?? 0) + 1;
    this.#sum += 1;
    this.#most = Math.max(this.#most, this.#sum);
    return this.#sum > this.perHour ? 'too many' : 'passed';
  }

  #forgetUntil(minute: number): void {
    const passed = Math.min(MINUTES, minute - this.#minute);
    for (let back = 0; back < passed; back += 1) {
      const slot = (minute - back) % MINUTES;
      this.#sum -= this.#calls[slot] ?? 0;
      this.#calls[slot] = 0;
    }
    this.#minute = minute;
  }
}
