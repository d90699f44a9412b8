/** Speaks first: whenever facts change the arbiter chooses, the server decides once more, and what came of it is counted. */
import { decide, Readiness } from "./arbiter.js";
import { Counters } from "./limits.js";

/** Seconds after which the server is asked again at the latest: a visit of which it hears nothing ends after 1,800. */
const HEARD_WITHIN = 1_200;

export class Speaker {
  counters = new Counters(() => Date.now() / 1000);
  #visit;
  #act;
  #manners = {};
  #language;
  #readiness = new Readiness([]);
  #asking = false;
  #told;
  /** When the server is asked again, in seconds. */
  #due;

  /** `act`: ask(what, body), chat() → fact, silences() → codes, again(), show(spoken, told). */
  constructor(visit, act) {
    this.#visit = visit;
    this.#act = act;
  }

  /** Takes what the server told about a page, or told `again`: who may want to speak, and how often somebody did. */
  take({ triggers, manners, counters, language, ask_again_after }, again) {
    const told = JSON.stringify(triggers);
    // What waits for a condition to have held for a while goes on waiting when the server says the same again.
    if (!again || told !== this.#told) this.#readiness = new Readiness(triggers);
    this.#told = told;
    this.#manners = manners;
    this.#language = language;
    this.#due = Date.now() / 1000 + Math.min(ask_again_after || Infinity, HEARD_WITHIN);
    this.counters.take(counters);
    this.consider();
  }

  async consider() {
    if (this.#asking) return;
    const { ask, silences, again, show } = this.#act;
    const { seconds } = this.#visit;
    const silent = silences();
    const wait = this.#due - Date.now() / 1000;
    // One tab asks for all of them, and not while its page is still settling.
    if (wait <= 0 && !silent.includes("not_leader")) again((this.#due = Infinity));
    const facts = this.#facts();
    const ready = this.#readiness.ready(facts, seconds);
    const decision = decide(ready, silent, this.#manners, this.counters.tallies());
    this.#visit.wake(Math.min(this.#readiness.mayChangeIn(facts, seconds), decision.againIn, wait > 0 ? wait : Infinity));
    const trigger = decision.winner?.id;
    if (!trigger) return this.#readiness.take(decision);
    this.#readiness.passOver(trigger);
    this.#asking = true;
    const spoken = await ask("show", { trigger, facts });
    this.#asking = false;
    // Refused, perhaps held out for measuring: then it is the next one's turn.
    if (!spoken?.show) return this.consider();
    this.#readiness.take(decision);
    if (silences().length || this.#visit.facts().page !== facts.page) return;
    const { impression } = spoken;
    show({ ...spoken, trigger }, (outcome) => {
      this.counters.count(outcome === "seen" ? "shown" : outcome, trigger);
      ask("seen", { impression, outcome });
      this.consider();
    });
  }

  /** What this page knows; of what it would know, the rest of an address is absent, and what was never counted is none. */
  #facts() {
    const { counters } = this;
    const { chat_ago } = counters.tallies().all;
    const chat = this.#act.chat() ?? (chat_ago >= 0 ? "ended" : "never");
    return new Proxy(
      { ...this.#visit.facts(), language: this.#language, chat },
      {
        get(known, name) {
          const [, counted, id] = /^(shown|dismissed|answered)\.(.+)/.exec(name) ?? [];
          // What is null stays null: looked for and not there, which is not the same as unknown.
          return id ? counters.times(counted, id) : name in known || !/^page\.query/.test(name) ? known[name] : null;
        },
      },
    );
  }
}
