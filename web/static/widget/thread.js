/** What was said, in order, and at its end what is still on its way. */
import { exact, moment } from "../shared/clock.js";
import { h } from "../shared/html.js";
import { prose } from "../shared/prose.js";
import { reply } from "./bubble.js";

const GAP = 15 * 60_000;
const NEAR = 90;
const ABOVE = 80;
const DRAWN_IN = 100;

export class Thread {
  element;
  #texts;
  #greeting;
  #act;
  #own = new Map();
  #replies = h("div.replies");
  /** What is offered to be pressed or filled in, and the message that may offer it; what was filled in, in words. */
  #offered;
  #last = {};
  #filled = "…";
  #speaker;
  #foretold = {};
  #at = 0;
  #read = 0;
  #tall = 0;

  /** `act`: press(option, step), dismiss(), send(body), retry(client_id), change(client_id). */
  constructor(texts, greeting, act) {
    this.#texts = texts;
    this.#greeting = greeting;
    this.#act = act;
    this.#replies.lang = texts.language;
    this.element = h("div.log", { role: "log", "aria-label": texts.conversation, tabIndex: 0 });
    // A keyboard comes up, a text grows: whoever read the end goes on reading it.
    new ResizeObserver(() => this.#keepEnd(() => {})).observe(this.element);
    this.reset();
  }

  /** Begins anew, with what is said before anybody has said anything. */
  reset() {
    this.element.replaceChildren(h("p.note", null, this.#texts.intro), this.#replies);
    this.#own.clear();
    this.#at = 0;
    this.#speaker = null;
    this.offer({});
    if (this.#greeting) this.#say(this.#greeting);
  }

  /** Quick replies or a form under the last message; gone once something else is said, be it still on its way. */
  offer({ options = [], step, form } = [...this.element.children].find((other) => other.waits) ? {} : this.#last) {
    const offered = JSON.stringify([options, step, form]);
    // What stands there already is left there: somebody may be about to press it, or be writing into it.
    if (offered === this.#offered) return;
    this.#offered = offered;
    this.#keepEnd(() => this.#replies.replaceChildren(...options.map((option) => reply(option, this.#act, step))));
    if (form) this.#ask(form, offered);
  }

  async #ask(form, offered) {
    const send = (answer, words) => {
      this.#filled = words;
      this.#act.send({ form: answer });
    };
    try {
      const { ask } = await import("./forms.js");
      if (offered === this.#offered) this.#keepEnd(() => ask(form, this.#replies, this.#texts.language, send));
    } catch {
      // The message itself asks as well, and is answered where one writes.
    }
  }

  /** Shows what happened; what was seen before, up to the number `seen`, is not read out once more. */
  show(events, seen) {
    for (const { kind, from: by, body, seq, at, client_id } of events) {
      const key = client_id ?? seq;
      const tell = this.#texts[kind];
      const note = tell instanceof Function;
      const own = by?.role === "visitor" && !note;
      if (!note && kind !== "message") continue;
      if (body.text && this.#foretold.text?.includes(body.text)) this.#foretold.remove();
      this.#gap(Date.parse(at));
      let element = this.#own.get(key);
      if (note) element = h("p.note", null, tell(body));
      // The record's words count: something in ours may have been masked.
      else if (element?.text !== body.text) {
        element?.remove();
        element = this.#say(body.text, by);
      }
      element.ariaLive = this.#replies.ariaLive = seq > seen ? null : "off";
      element.title = exact(Date.parse(at), this.#texts.lang);
      if (note || own) this.#speaker = null;
      if (own) this.#own.set(key, Object.assign(element, { seq, unsent: "" }));
      this.#place(element);
      this.#last = note || own ? {} : body;
    }
    this.offer();
    this.read(this.#read);
  }

  /** Shows what a bubble said, until the record says it or it is taken back. */
  foretell(text, options) {
    this.#foretold = this.#say(text);
    this.offer({ options });
  }

  /** As if no bubble had said anything. */
  takeBack() {
    this.#foretold.remove?.();
    this.offer();
  }

  #say(text, { role, name } = {}, unsent = "") {
    const texts = this.#texts;
    const own = role === "visitor";
    const who = own ? texts.you : role === "agent" ? name : texts.bot;
    const said = h(own || who === this.#speaker ? "p.aside" : "p.who", null, who);
    this.#speaker = own || who;
    const element = h(own ? "div.message.own" : "div.message", null, said, h("p.words", { lang: texts.language }, ...prose(text)));
    this.#place(element, unsent);
    return Object.assign(element, { text, unsent });
  }

  /** One of our own moved on: it is on its way, stuck, or taken. */
  message({ client_id, body, state, error }) {
    const texts = this.#texts;
    let element = this.#own.get(client_id);
    if (!element) {
      if (state === "sent") return;
      this.offer({});
      element = this.#say(body.text ?? (body.button ?? body.answer)?.label ?? this.#filled, { role: "visitor" }, client_id);
      this.#own.set(client_id, element);
      this.#keepEnd();
    }
    element.waits = state === "sending";
    if (state !== "failed") return this.#mark(element, element.waits && texts.sending);
    const hopeless = error && error.code !== "too_many";
    const act = () => {
      if (!hopeless) return this.#act.retry(client_id);
      element.remove();
      // A form that comes finds the one who filled it in here, as after it was sent.
      this.element.focus();
      this.offer();
      this.#act.change(client_id);
    };
    const button = h("button.plain", { onclick: act }, hopeless ? texts.change : texts.again);
    this.#mark(element, `${texts.unsent} · ${hopeless ? texts.refused : error ? texts.too_many : ""} `, button);
  }

  /** Marks the last of our own that a person has read. */
  read(seq = 0) {
    this.#read = seq;
    const settled = [...this.element.children].filter((element) => element.seq);
    const last = settled.findLast((element) => element.seq <= seq);
    for (const element of settled) this.#mark(element, element === last && this.#texts.read);
  }

  /** Comes in sight, at its end: what is said from then on is read out. */
  appear() {
    this.element.ariaLive = "off";
    setTimeout(() => (this.element.ariaLive = "polite"), DRAWN_IN);
    this.#keepEnd();
  }

  #mark(element, words, button = "") {
    element.querySelector(".state")?.remove();
    if (words) element.append(h(button ? "p.state.wrong" : "p.state", { ariaLive: button ? "polite" : "off" }, words, button));
  }

  #gap(at) {
    if (at - this.#at > GAP) this.#place(h("p.note", { ariaLive: "off" }, moment(at, Date.now(), this.#texts.lang)));
    this.#at = at;
  }

  /** Puts an element before all that is still on its way, or where it is `unsent` itself, among that in the order of writing. */
  #place(element, unsent = "") {
    const before = [...this.element.children].find((other) => other.unsent > unsent) ?? this.#replies;
    // What stands where it belongs is left there: moved, it would be read out once more.
    if (element.nextSibling !== before) this.#keepEnd(() => this.element.insertBefore(element, before));
  }

  /** Changes something and keeps the end in sight if it was; without a change, goes there. Of a long form, its beginning. */
  #keepEnd(change) {
    const { element } = this;
    const near = !change || element.scrollHeight - element.scrollTop - this.#tall < NEAR;
    change?.();
    this.#tall = element.clientHeight;
    if (near) element.scrollTop = this.#replies.offsetTop - Math.min(ABOVE, this.#tall / 3);
  }
}
