/** How often is enough: the twin of triggers/limits.py, and what was shown since the server last told its counts. */

const SPANS = ["page", "visit", "day", "week", "visitor"];
const QUIET = { gap: "shown", after_dismiss: "dismissed", after_chat: "chat" };
const STOPS = { shown: "visitor", answered: "answered" };

const quiet = (limits, tally) => (key) => Math.max(0, limits[key] - tally[`${QUIET[key]}_ago`]) || 0;

const mapped = (values = {}, change) =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value, key)]));

/** For how many seconds silence is still asked for. */
export const quietFor = (limits, tally) => Math.max(...Object.keys(QUIET).map(quiet(limits, tally)));

/** The first limit that forbids another showing, or undefined. A limit that is not given does not exist. */
export const reached = (limits, tally) => {
  const span = SPANS.find((each) => (tally[each] ?? 0) >= limits[`per_${each}`]);
  if (span) return `per_${span}`;
  return Object.keys(QUIET).find(quiet(limits, tally)) ?? (tally[STOPS[limits.stop_after]] ? "stop_after" : undefined);
};

/** The server keeps the truth and decides again before anything is shown; these spare it the asking. */
export class Counters {
  #now;
  #at;
  #counted;

  /** `now()`: seconds. */
  constructor(now) {
    this.#now = now;
    this.take({});
  }

  /** Takes over what was counted: numbers, and how many seconds ago things happened. */
  take(counted) {
    this.#at = this.#now();
    this.#counted = counted;
  }

  /** The tallies as they are now. */
  tallies() {
    const by = this.#now() - this.#at;
    const aged = (tally) => mapped(tally, (value, key) => (key.endsWith("_ago") ? value + by : value));
    const { all, triggers } = this.#counted;
    return { all: aged(all), triggers: mapped(triggers, aged) };
  }

  /** How often a trigger was `shown`, `dismissed` or `answered`. */
  times(what, id) {
    return this.#counted.triggers?.[id]?.[what === "shown" ? "visitor" : what] ?? 0;
  }

  /** Something happened just now: `shown`, `dismissed` or `answered` with a trigger, or `chat`. */
  count(what, id) {
    const now = this.tallies();
    for (const tally of [now.all, id ? (now.triggers[id] ??= {}) : {}]) {
      for (const key of what === "shown" ? SPANS : [what]) tally[key] = (tally[key] ?? 0) + 1;
      tally[`${what}_ago`] = 0;
    }
    this.take(now);
  }
}
