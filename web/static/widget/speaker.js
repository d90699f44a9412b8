/** Speaks first: whenever facts change the arbiter chooses, the server decides once more, and what came of it is counted. */
import { decide, Readiness } from "./arbiter.js";
import { Counters } from "./limits.js";

export class Speaker {
  #visit;
  #counters;
  #act;
  #manners = {};
  #readiness = new Readiness([]);
  #asking;

  /** `act`: ask(what, body), chat() → fact, silences() → codes, show(spoken, told). */
  constructor(visit, storage, act) {
    this.#visit = visit;
    this.#counters = new Counters(() => Date.now() / 1000);
    this.#act = act;
  }

  /** Takes what the server told about this page: who may want to speak, and how often somebody did. */
  take({ triggers, manners, counters }) {
    this.#readiness = new Readiness(triggers);
    this.#manners = manners;
    this.#counters.take(counters);
    this.consider();
  }

  /** How often each was shown and dismissed, as the server asks for it. */
  counts() {
    return this.#counters.counts();
  }

  /** The visitor talks with us; `id`: in answer to this trigger. */
  talked(id) {
    this.#counters.count("chat");
    if (id) this.#counters.count("answered", id);
  }

  async consider() {
    if (this.#asking) return;
    const facts = this.#facts();
    const { seconds } = this.#visit;
    const ready = this.#readiness.ready(facts, seconds);
    const decision = decide(ready, this.#act.silences(), this.#manners, this.#counters.tallies());
    const { winner, againIn } = decision;
    this.#visit.wake(Math.min(this.#readiness.mayChangeIn(facts, seconds), againIn));
    if (!winner) return this.#readiness.take(decision);
    const { id } = winner;
    this.#asking = true;
    this.#readiness.passOver(id);
    const spoken = await this.#act.ask("show", { trigger: id, facts }).catch(() => ({}));
    this.#asking = false;
    // Refused, perhaps held out for measuring: then it is another one's turn.
    if (!spoken.show) return this.consider();
    this.#readiness.take(decision);
    if (this.#act.silences()[0]) return;
    const { impression } = spoken;
    this.#act.show({ ...spoken, id }, (outcome) => {
      this.#counters.count(outcome === "seen" ? "shown" : outcome, id);
      this.#act.ask("seen", { impression, outcome }).catch(() => {});
    });
  }

  /** What this page knows; what it would know and does not is absent, and what was never counted is none. */
  #facts() {
    const facts = { ...this.#visit.facts(), chat: this.#act.chat() ?? ("chat_ago" in this.#counters.tallies().all ? "ended" : "never") };
    const { shown, dismissed } = this.counts();
    for (const id of Object.keys(shown)) Object.assign(facts, { [`shown.${id}`]: shown[id], [`dismissed.${id}`]: dismissed[id] });
    const get = (known, name) => known[name] ?? (/^page\.query/.test(name) ? null : /^(shown|dismissed)\./.test(name) ? 0 : known[name]);
    return new Proxy(facts, { get });
  }
}
