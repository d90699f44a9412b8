/** Who speaks: the twin of triggers/arbiter.py and tests/readiness.py; all play tests/arbiter.cases.json. */
import { evaluate, mayChangeIn } from "../shared/conditions.js";
import { quietFor, reached } from "./limits.js";

/** What silences every trigger for the moment, in the order in which it is looked at. */
const SUPPRESSIONS = ["chat_open", "form_in_use", "busy", "page_hidden", "not_leader"];

/**
 * One winner among the triggers that are ready, and for each other one a code that says why not.
 * `againIn`: seconds until a silence ends. Who is held out, for measuring, is known to the server alone.
 */
export const decide = (candidates, suppressed, manners, { all = {}, triggers = {} }) => {
  const silence = SUPPRESSIONS.find((code) => suppressed.includes(code));
  const own = ({ id }) => triggers[id] ?? {};
  const rested = (one) => own(one).shown_ago ?? Infinity;
  // Two that were never shown have rested equally long; their difference is not a number.
  const order = (a, b) => b.priority - a.priority || rested(b) - rested(a) || a.order - b.order;
  const reasons = {};
  let winner;
  for (const one of [...candidates].sort(order)) {
    const rude = !one.ignore_manners && reached(manners, all);
    const worn = reached(one.limit, own(one));
    const lost = () =>
      one.priority < winner.priority ? "lower_priority" : rested(one) < rested(winner) ? "shown_more_recently" : "later_in_files";
    const why = silence ?? (rude ? `manners_${rude}` : worn ? `limit_${worn}` : winner && lost());
    if (why) reasons[one.id] = why;
    else winner = one;
  }
  const quiet = (one) => Math.max(quietFor(one.limit, own(one)), one.ignore_manners ? 0 : quietFor(manners, all));
  return { winner, reasons, againIn: Math.min(...candidates.map(quiet).filter((seconds) => seconds > 0)) };
};

/** Which triggers are ready. Times are seconds of a clock that stands still while the page is hidden. */
export class Readiness {
  /** May be replaced by newer ones for the same page: what is remembered of each is remembered by its id. */
  triggers;
  #since = {};
  #passed = new Set();

  constructor(triggers) {
    this.triggers = triggers;
  }

  /** Those that have been true for as long as `for` asks; a moment of false or unknown begins the waiting again. */
  ready(facts, at) {
    return this.triggers.filter(({ id, when, for: steady }) => {
      if (evaluate(when, facts) !== true) {
        delete this.#since[id];
        this.#passed.delete(id);
        return false;
      }
      return at - (this.#since[id] ??= at) >= steady && !this.#passed.has(id);
    });
  }

  /** Takes this one out until its condition begins to hold anew. */
  passOver(id) {
    this.#passed.add(id);
  }

  /** Takes out those that lost to another message and do not wait. */
  take({ reasons }) {
    for (const { id, waits } of this.triggers) {
      if (!waits && /^(busy|lower|shown|later)/.test(reasons[id])) this.passOver(id);
    }
  }

  /** In how many seconds somebody may become ready, or stop to be, by time alone. */
  mayChangeIn(facts, at) {
    const moments = ({ id, when, for: steady }) => [mayChangeIn(when, facts), this.#since[id] + steady - at];
    return Math.min(...this.triggers.flatMap(moments).filter((moment) => moment > 0));
  }
}
