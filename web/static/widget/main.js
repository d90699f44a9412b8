/**
 * The widget: one element on the host page, and the wires between what is seen, what is said and what speaks first.
 * No socket is opened before there is a conversation; until then a few small requests are all that happens.
 */
import { clock } from "../shared/clock.js";
import { h, icon, root } from "../shared/html.js";
import { Line, parse, storage } from "../shared/line.js";
import { bubble, whenSeen } from "./bubble.js";
import { Composer } from "./composer.js";
import { Speaker } from "./speaker.js";
import { Status } from "./status.js";
import { Thread } from "./thread.js";
import { Visit } from "./visit.js";

const ESCAPE = 27;
const TYPING_FADES = 8_000;
const FIRST_RETRY = 5_000;
const LAST_RETRY = 80_000;
const TALK = "M21 15a2 2 0 0 1-2 2H7l-4 4V5a2 2 0 0 1 2-2h14a2 2 0 0 1 2 2z";
const FOLD = "m6 9 6 6 6-6";

const narrow = matchMedia("(max-width: 479px), (max-height: 479px)");
const kept = storage("localStorage");
/** What is being written belongs to one tab. */
const tab = storage("sessionStorage");
const recall = (key, of = kept) => of.getItem(`parlour.${key}`) ?? "";
const keep = (key, value, to = kept) => {
  try {
    to.setItem(`parlour.${key}`, value);
  } catch {
    // No room: it lasts as long as the page.
  }
};

class Widget extends HTMLElement {
  #origin;
  #token = recall("token");
  #texts;
  #line;
  #visit;
  #speaker;
  #thread;
  #status;
  #composer;
  #dialog;
  #launcher = h("button.launcher", { onclick: () => (this.#dialog.open ? this.close() : this.open()) });
  #corner = h("div", { role: "status" });
  #typing = h("p.typing", { role: "status" });
  #fading;
  /** The telling of this page: `known` once the server has heard of it, so that something may be said about it. */
  #viewing;
  #began;
  #stands = {};
  #spoken = {};
  #unread = 0;

  /** Asks who we are to this browser, draws the launcher, and goes on where an earlier page or tab left off. */
  async begin(origin) {
    this.#origin = origin;
    this.#line = new Line({
      name: "parlour",
      socket: `${origin.replace("http", "ws")}/widget/socket`,
      op: `${origin}/widget/op`,
      protocols: () => ["chat.v1", `tok.${this.#token}`],
      headers: () => ({ Authorization: `Bearer ${this.#token}` }),
    });
    const changed = (what) => {
      if (what !== "page") return this.#speaker.consider();
      // What a trigger said about the page before goes with it, as if it had not been said.
      if (this.#spoken.say) this.#clear(this.#forget());
      this.#view();
    };
    this.#visit = new Visit(changed, { window, storage: kept, clock });
    this.#speaker = new Speaker(this.#visit, {
      ask: (what, body) => this.#ask(what, body),
      chat: () => (this.#stands.open ? (this.#dialog.open ? "open" : "minimized") : null),
      silences: () => this.#silences(),
      again: () => this.#view(true),
      show: (spoken, told) => this.#show((this.#spoken = spoken), told),
    });
    const sheet = text(new URL("./widget.css", import.meta.url));
    const { language, bundle, conversation } = await new Promise((resolve) => {
      this.#began = resolve;
      this.#view();
    });
    const looks = text(`${origin}/widget/bundle/${bundle}.json`);
    const { default: texts } = await import(language.startsWith("de") ? "./texts/de.js" : "./texts/en.js");
    // What we say ourselves may be in another language than what the site says.
    this.#texts = { ...texts, language };
    this.#draw(parse(await looks), await sheet);
    this.#listen();
    this.#stand(conversation ?? {});
    if (conversation || this.#line.kept()[0]) this.#line.start();
    if (recall("open") && !narrow.matches) this.#unfold();
    this.#speaker.consider();
  }

  /** Opens the conversation and goes there. */
  open() {
    this.show();
    keep("open", 1);
    if (!this.#dialog.open) this.#unfold(narrow.matches);
    this.#goOn();
  }

  close() {
    const inside = this.#dialog.matches(":focus-within");
    this.#dialog.close();
    keep("open", "");
    this.#spoken.closed?.();
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

  #draw({ name, look, greeting, privacy_note }, sheet) {
    const texts = this.#texts;
    const { language, lang } = texts;
    const line = this.#line;
    const said = (words) => words?.[language] ?? Object.values(words ?? {})[0];
    const act = {
      close: () => this.close(),
      press: (option, step) => this.#press(option, step),
      dismiss: () => {
        this.close();
        // A window that opened by itself is waved away by closing it.
        this.#spoken.dismiss?.();
      },
      ask: () => {
        this.#send({ text: texts.human });
        this.#goOn();
      },
      retry: (client_id) => {
        line.retry(client_id);
        this.#goOn();
      },
      change: (client_id) => {
        const { text } = line.discard(client_id).body;
        if (text) this.#composer.write(text);
      },
      send: (body) => this.#send(body),
      typing: (on, text) => {
        const { id: conversation, holder } = this.#stands;
        if (conversation) line.tell("typing", { conversation, on, text: holder === "agent" ? text : null });
      },
      draft: (text) => keep("draft", text, tab),
    };
    this.#thread = new Thread(texts, said(greeting), act);
    this.#status = new Status(texts, name, act);
    this.#composer = new Composer(texts, recall("draft", tab), said(privacy_note), act);
    // It is told a moment later that it was closed, and may be open again by then.
    this.#dialog = h(
      "dialog.dialog",
      { onclose: () => this.#dialog.open || act.close(), tabIndex: -1, "aria-labelledby": "name" },
      this.#status.element,
      this.#thread.element,
      this.#typing,
      this.#composer.element,
    );
    const dir = /^(ar|fa|he|ur)/.test(language) ? "rtl" : "ltr";
    // While a word is composed the key has another number: then it gives up that word.
    const onkeydown = ({ keyCode }) => {
      if (keyCode === ESCAPE) (this.#dialog.open ? this.#launcher : this.#corner.querySelector(".shut"))?.click();
    };
    this.style.setProperty("--accent", look.color);
    const styles = new CSSStyleSheet();
    styles.replaceSync(sheet);
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [styles];
    this.shadowRoot.append(
      h(`div.root.${look.position}`, { lang, dir, onkeydown }, this.#corner, this.#dialog, this.#launcher),
    );
    root.append(this);
    this.#label();
  }

  #listen() {
    const line = this.#line;
    line.hearers = {
      events: (frame) => this.#heard(frame),
      message: (entry) => this.#thread.message(entry),
      welcome: ({ conversation }) => this.#stand(conversation ?? {}),
      status: (status) => this.#stand(status),
      typing: (frame) => this.#showTyping(frame),
      reset: () => {
        this.#stand({});
        this.#thread.reset();
        line.pending().map((entry) => this.#thread.message(entry));
      },
      state: (state) => {
        this.#status.line(state);
        // The token has run out: a view gives a new one.
        if (state === "refused") this.#view();
      },
    };
    // Keys pressed here are no shortcuts of the host page.
    for (const kind of ["keydown", "keyup", "keypress"]) this.shadowRoot.addEventListener(kind, (event) => event.stopPropagation());
    addEventListener("visibilitychange", () => this.#look());
    addEventListener("focusout", () => this.#speaker.consider());
    // Another tab has shown what was said: perhaps all that is new here, perhaps the first of it.
    addEventListener("storage", ({ key }) => {
      if (key !== "parlour.read") return;
      line.start();
      if (readIn(this.#stands.id) >= line.last(this.#stands.id)) this.#clear();
    });
    // A window that fills the screen is before the page; one that has become small enough is beside it, like any other.
    narrow.onchange = () => {
      if (narrow.matches || !this.#dialog.matches(":modal")) return;
      const { activeElement } = this.shadowRoot;
      this.#dialog.close();
      this.#unfold();
      activeElement?.focus();
    };
    // The keyboard of a phone covers the page without telling it.
    const seen = visualViewport;
    const fit = () => (this.#dialog.style.cssText = `--height:${seen.height}px;--top:${seen.offsetTop}px`);
    for (const kind of ["resize", "scroll"]) seen.addEventListener(kind, fit);
  }

  #unfold(modal) {
    const { say, buttons } = this.#spoken;
    if (modal) this.#dialog.showModal();
    else this.#dialog.open = true;
    if (say) {
      this.#spoken.seen?.();
      this.#thread.foretell(say, buttons);
      this.#spoken.say = "";
    }
    this.#composer.fit();
    this.#thread.appear();
    this.#look();
  }

  #label() {
    const texts = this.#texts;
    const shown = this.#dialog.open;
    const count = this.#unread;
    this.#launcher.ariaLabel = shown ? texts.close : count ? `${texts.open}, ${texts.unread(count)}` : texts.open;
    this.#launcher.ariaExpanded = shown;
    this.#launcher.replaceChildren(icon(shown ? FOLD : TALK), count ? h("span.badge", null, count) : "");
  }

  // What is said

  #send(body) {
    const { impression, trigger } = this.#spoken;
    this.#spoken = {};
    keep("open", 1);
    this.#speaker.counters.count("chat");
    if (impression && !(body.button ?? body.form)) {
      this.#speaker.counters.count("answered", trigger);
      body = { ...body, answer: { impression, ...body.answer } };
    }
    this.#line.start();
    this.#line.send(this.#stands.open ? this.#stands.id : null, body);
  }

  #press({ label, value }, step) {
    this.#send(step ? { button: { step, value, label } } : { answer: { label } });
    this.#goOn();
  }

  /** What was pressed is gone: the focus goes where one writes, but does not call up the keyboard of a phone. */
  #goOn() {
    (this.#visit.pointer ? this.#composer : this.#dialog).focus();
  }

  #heard({ conversation, events }) {
    const seen = readIn(conversation);
    const fresh = events.filter((event) => event.kind === "message" && event.seq > seen && event.from.role !== "visitor");
    this.#showTyping({});
    this.#thread.show(events, seen);
    this.#unread += fresh.length;
    if (this.#look(conversation) || !fresh.length) return;
    const { body, from } = fresh.at(-1);
    this.#spoken = {};
    if (!this.#dialog.open) this.#show({ say: body.text, from });
    this.#label();
  }

  /** What is in sight has been read; says whether it is in sight. */
  #look(conversation = this.#stands.id) {
    if (!this.#dialog.open || document.hidden) return false;
    const seq = this.#line.last(conversation);
    if (seq > readIn(conversation)) {
      keep("read", `${conversation} ${seq}`);
      this.#line.tell("read", { conversation, seq });
    }
    this.#clear();
    return true;
  }

  /** What was said unasked is not to be answered, and gone. */
  #forget() {
    this.#spoken = {};
    this.#thread.takeBack();
    this.#fill();
  }

  /** Nothing is new any more. */
  #clear() {
    this.#unread = 0;
    this.#fill();
    this.#label();
  }

  /** Puts a bubble beside the launcher, or none; whoever was in the one before goes on in this one or at the launcher. */
  #fill(...shown) {
    const inside = this.#corner.matches(":focus-within");
    this.#corner.replaceChildren(...shown);
    if (inside) (this.#corner.querySelector(".words") ?? this.#launcher).focus();
  }

  #stand(status) {
    const { id, open } = (this.#stands = status);
    // What was typed into a form goes with the conversation that asked for it.
    if (!open || id !== recall("read", tab)) keep("form", "", tab);
    keep("read", id, tab);
    // In whichever tab somebody has begun to talk: what was said unasked is no question any more.
    if (open && this.#spoken.impression) this.#clear(this.#forget());
    this.#status.show(status);
    this.#composer.askable(!/queue|agent/.test(status.holder));
    this.#thread.read(status.agent_read);
    if (id) this.#line.follow(id);
  }

  #showTyping({ on, who }) {
    clearTimeout(this.#fading);
    const words = on ? this.#texts.typing(who === "agent" ? this.#stands.agent : this.#texts.bot) : "";
    // Read out once, and not again with every key.
    if (this.#typing.textContent !== words) this.#typing.textContent = words;
    if (on) this.#fading = setTimeout(() => this.#showTyping({}), TYPING_FADES);
  }

  /** Shows what is said: in the window, as a number on the launcher, or beside it. `told` hears what became of it. */
  #show(spoken, told = () => {}) {
    const { say, open, badge } = spoken;
    const seen = () => told("seen");
    const dismiss = (spoken.dismiss = () => {
      this.#forget();
      told("dismissed");
    });
    // On a phone the window hides the page, and that is for the visitor to do.
    if (open && !narrow.matches) {
      spoken.closed = dismiss;
      this.#unfold();
      return whenSeen(this.#dialog, seen);
    }
    if (badge || !say) {
      this.#unread += 1;
      this.#label();
      return whenSeen(this.#launcher, seen);
    }
    const act = {
      open: () => this.open(),
      press: (option) => this.#press(option, this.open()),
      dismiss,
    };
    const element = bubble(this.#texts, spoken, act);
    this.#fill(element);
    // Whoever opens the chat has seen it, also within the first second.
    spoken.seen = () => seen((spoken.seen = null));
    whenSeen(element, () => spoken.seen?.());
  }

  /** Why nothing may be said unasked just now. */
  #silences() {
    const silences = {
      chat_open: !this.isConnected || this.#dialog.open || this.#stands.open,
      form_in_use: document.activeElement?.matches("input, textarea, select, [contenteditable]"),
      busy: this.hidden || this.#corner.firstChild || this.#unread,
      page_hidden: document.hidden,
      not_leader: !this.#visit.leads || !this.#viewing.known,
    };
    return Object.keys(silences).filter((code) => silences[code]);
  }

  // What is asked of the server while there is no line

  /** Tells of this page until the server has heard of it; of pages that it could not hear of, the last takes all turns. */
  async #view(again, wait = FIRST_RETRY) {
    const viewing = (this.#viewing = { known: again });
    const ask = () => this.#ask("view", { ...this.#visit.view(), again });
    const { locks } = navigator;
    // Two tabs that ask without a token would be two visitors: the second waits for the token of the first.
    const view = await (this.#token || !locks ? ask() : locks.request("parlour.visitor", ask).catch(ask));
    if (!view.token) await new Promise((resolve) => setTimeout(resolve, wait));
    if (viewing !== this.#viewing) return;
    if (!view.token) return this.#view(again, Math.min(wait * 2, LAST_RETRY));
    viewing.known = true;
    this.#began(view);
    this.#speaker.take(view, again);
    if (this.isConnected && (view.conversation || this.#line.state === "refused")) this.#line.start();
  }

  /** The answer, or where there is none something empty. */
  async #ask(what, body) {
    const headers = { "Content-Type": "application/json" };
    if ((this.#token ||= recall("token"))) headers.Authorization = `Bearer ${this.#token}`;
    try {
      const init = { method: "POST", headers, body: JSON.stringify(body) };
      const answer = parse(await text(`${this.#origin}/widget/${what}`, init));
      if (answer.token) keep("token", (this.#token = answer.token));
      return answer;
    } catch {
      return {};
    }
  }
}

const text = async (address, init) => (await fetch(address, { credentials: "omit", ...init })).text();

/** The number up to which this browser has seen a conversation. */
const readIn = (conversation) => +recall("read").split(`${conversation} `)[1] || 0;

/** Called by the loader, once; `calls`: what the page has asked of `Parlour` in the meantime. */
export async function begin(origin, calls) {
  customElements.define("parlour-widget", Widget);
  const widget = new Widget();
  // A page that is made ready in advance, or opened behind another, is perhaps never looked at.
  const until = (change) => new Promise((go) => document.addEventListener(change, go));
  if (document.prerendering === true) await until("prerenderingchange");
  if (document.hidden === true) await until("visibilitychange");
  await widget.begin(origin);
  for (const name of Object.keys(Parlour)) Parlour[name] = () => widget[name]();
  for (const name of calls) widget[name]();
}
