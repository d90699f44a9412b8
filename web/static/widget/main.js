/**
 * The widget: one element on the host page, and the wires between what is seen, what is said and what speaks first.
 * No socket is opened before there is a conversation; until then a few small requests are all that happens.
 */
import { clock } from "../shared/clock.js";
import { h, icon } from "../shared/html.js";
import { Line, parse, storage } from "../shared/line.js";
import { bubble } from "./bubble.js";
import { Composer } from "./composer.js";
import { Speaker } from "./speaker.js";
import { Status } from "./status.js";
import { Thread } from "./thread.js";
import { Visit } from "./visit.js";

const TYPING_FADES = 8_000;
const OPEN = "M21 15a2 2 0 0 1-2 2H7l-4 4V5a2 2 0 0 1 2-2h14a2 2 0 0 1 2 2z";
const FOLD = "m6 9 6 6 6-6";

const narrow = matchMedia("(max-width: 479px)");
const kept = storage();
const read = (key) => kept.getItem(`parlour.${key}`) ?? "";
const keep = (key, value) => {
  try {
    kept.setItem(`parlour.${key}`, value);
  } catch {
    // No room: it lasts as long as the page.
  }
};

class Widget extends HTMLElement {
  #origin;
  #token = read("token");
  #texts;
  #line;
  #thread;
  #status;
  #composer;
  #dialog;
  #launcher = h("button.launcher", { type: "button", onclick: () => (this.#dialog.open ? this.close() : this.open()) });
  #corner = h("div", { role: "status" });
  #typing = h("p.typing", { hidden: true });
  #fading;
  #stands = {};
  #unread = 0;
  #spoken;
  #visit;
  #speaker;
  #again;

  /** Asks who we are to this browser, draws the launcher, and goes on where an earlier page or tab left off. */
  async begin(origin) {
    this.#origin = origin;
    const styles = sheet("./widget.css");
    this.#visit = new Visit((what) => (what === "page" ? this.#view() : this.#speaker.consider()), { window, storage: kept, clock });
    this.#speaker = new Speaker(this.#visit, kept, {
      ask: (what, body) => this.#ask(what, body),
      chat: () => this.#stands.open && (this.#dialog.open ? "open" : "minimized"),
      silences: () => this.#silences(),
      show: (spoken, told) => this.#show((this.#spoken = spoken), told),
    });
    const view = await this.#view();
    const { language, conversation } = view;
    const bundle = fetch(`${origin}/widget/bundle/${view.bundle}.json`).then((answer) => answer.text());
    this.#texts = (await import(language.startsWith("de") ? "./texts/de.js" : "./texts/en.js")).default;
    this.#line = new Line({
      name: "parlour",
      socket: `${origin.replace("http", "ws")}/widget/socket`,
      op: `${origin}/widget/op`,
      protocols: () => ["chat.v1", `tok.${this.#token}`],
      headers: () => ({ Authorization: `Bearer ${this.#token}` }),
    });
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [await styles];
    this.#draw(language, parse(await bundle));
    this.#listen();
    this.#stand(conversation ?? {});
    if (conversation || this.#line.kept().length) this.#line.start();
    if (read("open") && !narrow.matches) this.#unfold();
    addEventListener("focusout", () => this.#speaker.consider());
  }

  /** Opens the conversation and goes there. */
  open() {
    this.show();
    if (!this.#dialog.open) this.#unfold(narrow.matches);
    if (matchMedia("(pointer: coarse)").matches) this.#dialog.focus();
    else this.#composer.focus();
  }

  close() {
    const inside = this.#dialog.contains(this.shadowRoot.activeElement);
    this.#dialog.close();
    keep("open", "");
    this.#label();
    if (inside) this.#launcher.focus();
  }

  hide() {
    this.close();
    this.hidden = true;
  }

  show() {
    this.hidden = false;
  }

  #draw(language, { name, look, greeting, privacy_note }) {
    const texts = this.#texts;
    const said = (text) => text?.[language] ?? Object.values(text ?? {})[0];
    this.#thread = new Thread(texts, language, {
      press: (option, step) => this.#press(option, step),
      retry: (client_id) => this.#line.retry(client_id),
      change: (client_id) => this.#change(client_id),
    });
    this.#status = new Status(texts, name, () => this.close());
    const act = {
      send: (text) => this.#send({ text }),
      human: () => this.#send({ text: texts.human }),
      typing: (on, text) => this.#tellTyping(on, text),
      draft: (text) => keep("draft", text),
    };
    this.#composer = new Composer(texts, act, read("draft"), said(privacy_note));
    this.#dialog = h(
      "dialog.dialog",
      { tabIndex: -1, "aria-labelledby": "name", onclose: () => this.close() },
      this.#status.element,
      this.#thread.element,
      this.#typing,
      this.#composer.element,
    );
    const dir = /^(ar|fa|he|ur)/.test(language) ? "rtl" : "ltr";
    const root = h(`div.root.${look.position}`, { lang: language, dir }, this.#corner, this.#dialog, this.#launcher);
    root.style.setProperty("--accent", look.color);
    this.shadowRoot.append(root);
    this.#thread.greeting = said(greeting);
    this.#thread.reset();
    this.#label();
  }

  #listen() {
    const line = this.#line;
    line.on("events", (frame) => this.#heard(frame));
    line.on("message", (entry) => this.#thread.message(entry));
    line.on("welcome", ({ conversation }) => conversation && this.#stand(conversation));
    line.on("status", (status) => this.#stand(status));
    line.on("typing", (frame) => this.#showTyping(frame));
    line.on("reset", () => {
      this.#thread.reset();
      for (const entry of line.pending()) this.#thread.message(entry);
    });
    line.on("state", (state) => {
      this.#status.line(state);
      // The token has run out: a view gives a new one.
      if (state === "refused") this.#view().then(() => line.start());
    });
    for (const kind of ["keydown", "keyup", "keypress"]) {
      // Keys pressed here are no shortcuts of the host page.
      this.shadowRoot.addEventListener(kind, (event) => {
        event.stopPropagation();
        if (kind === "keydown" && event.key === "Escape" && this.#dialog.open) this.close();
      });
    }
    addEventListener("visibilitychange", () => this.#look());
    const seen = visualViewport;
    // The keyboard of a phone covers the page without telling it.
    const fit = () => (this.#dialog.style.cssText = `--height:${seen.height}px;--top:${seen.offsetTop}px`);
    for (const kind of ["resize", "scroll"]) seen.addEventListener(kind, fit);
  }

  #unfold(modal) {
    if (modal) this.#dialog.showModal();
    else this.#dialog.setAttribute("open", "");
    keep("open", 1);
    this.#corner.replaceChildren();
    if (this.#spoken?.say) {
      this.#thread.say(this.#spoken.say);
      this.#thread.offer(this.#spoken.buttons);
      this.#spoken.say = "";
    }
    this.#thread.toEnd();
    this.#look();
  }

  #label() {
    const { open, close, unread } = this.#texts;
    const shown = this.#dialog.open;
    const count = this.#unread;
    this.#launcher.ariaLabel = shown ? close : count ? `${open}, ${unread(count)}` : open;
    this.#launcher.ariaExpanded = shown;
    this.#launcher.replaceChildren(icon(shown ? FOLD : OPEN), ...(count ? [h("span.badge", null, count)] : []));
  }

  // What is said

  #send(body) {
    const { impression, id } = this.#spoken ?? {};
    this.#spoken = null;
    this.#speaker.talked(id);
    if (impression && !body.button) body = { ...body, answer: { impression, ...body.answer } };
    this.#line.start();
    this.#line.send(this.#stands.open ? this.#stands.id : null, body);
  }

  #press({ label, value }, step) {
    this.#send(step ? { button: { step, value, label } } : { answer: { label } });
    this.#composer.focus();
  }

  #change(client_id) {
    const { text = "" } = this.#line.discard(client_id).body;
    this.#thread.withdraw(client_id);
    this.#composer.write(text);
    this.#composer.focus();
  }

  #heard({ conversation, events }) {
    const seen = readIn(conversation);
    const fresh = events.filter(({ seq, kind, from }) => seq > seen && kind === "message" && from.role !== "visitor");
    this.#showTyping({});
    this.#thread.show(events);
    this.#unread += fresh.length;
    if (fresh.length && !this.#look(conversation)) {
      const { body, from } = fresh.at(-1);
      if (!this.#dialog.open) this.#show({ say: body.text, from });
      this.#label();
    }
  }

  /** What is in sight has been read; says whether it is in sight. */
  #look(conversation = this.#stands.id) {
    if (!this.#dialog.open || document.hidden) return false;
    const seq = this.#line.last(conversation);
    if (seq > readIn(conversation)) {
      keep("read", `${conversation} ${seq}`);
      this.#line.tell("read", { conversation, seq });
    }
    this.#unread = 0;
    this.#label();
    return true;
  }

  #stand(status) {
    this.#stands = status;
    this.#status.show(status);
    this.#composer.askable(!/queue|agent/.test(status.holder));
    this.#thread.read(status.agent_read ?? 0);
    if (status.id) this.#line.follow(status.id);
  }

  #tellTyping(on, text) {
    const { id, holder } = this.#stands;
    if (id) this.#line.tell("typing", { conversation: id, on, text: holder === "agent" ? text : null });
  }

  #showTyping({ on, who }) {
    clearTimeout(this.#fading);
    this.#typing.hidden = !on;
    this.#typing.textContent = this.#texts.typing(who === "agent" ? this.#stands.agent : this.#texts.bot);
    if (on) this.#fading = setTimeout(() => this.#showTyping({}), TYPING_FADES);
  }

  /** Shows a bubble; `told` hears what became of it. */
  #show(spoken, told = () => {}) {
    const act = {
      open: () => this.open(),
      press: (option) => {
        this.open();
        this.#press(option);
      },
      dismiss: () => {
        this.#corner.replaceChildren();
        this.#launcher.focus();
        told("dismissed");
      },
      seen: () => told("seen"),
    };
    this.#corner.replaceChildren(bubble(this.#texts, spoken, act));
  }

  /** Why nothing may be said unasked just now. */
  #silences() {
    const silences = {
      chat_open: !this.#dialog || this.#dialog.open || this.#stands.open,
      form_in_use: document.activeElement?.matches("input, textarea, select, [contenteditable]"),
      busy: this.hidden || this.#corner.firstChild,
      page_hidden: document.hidden,
      not_leader: !this.#visit.leads,
    };
    return Object.keys(silences).filter((code) => silences[code]);
  }

  // What is asked of the server while there is no line

  async #view() {
    const view = await this.#ask("view", { ...this.#visit.view(), counters: this.#speaker.counts() });
    keep("token", (this.#token = view.token));
    this.#speaker.take(view);
    clearTimeout(this.#again);
    if (view.ask_again_after) this.#again = setTimeout(() => document.hidden || this.#view(), view.ask_again_after * 1000);
    return view;
  }

  async #ask(what, body) {
    const headers = { "Content-Type": "application/json" };
    if (this.#token) headers.Authorization = `Bearer ${this.#token}`;
    const init = { method: "POST", credentials: "omit", headers, body: JSON.stringify(body) };
    const answer = await fetch(`${this.#origin}/widget/${what}`, init);
    const said = parse(await answer.text());
    if (!answer.ok) throw said.error?.message;
    return said;
  }
}

/** The number up to which this browser has seen a conversation. */
function readIn(conversation) {
  const [id, seq] = read("read").split(" ");
  return id === conversation ? +seq : 0;
}

async function sheet(path) {
  const answer = await fetch(new URL(path, import.meta.url));
  return new CSSStyleSheet().replace(await answer.text());
}

/** Called by the loader, once; `calls`: what the page has asked of `Parlour` in the meantime. */
export async function begin(origin, calls) {
  customElements.define("parlour-widget", Widget);
  const widget = new Widget();
  await widget.begin(origin);
  document.querySelector("html").append(widget);
  for (const name of Object.keys(Parlour)) Parlour[name] = () => widget[name]();
  for (const name of calls) widget[name]();
}
