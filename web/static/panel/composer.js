/**
 * <reply-composer>: a reply and a note, each with a page and a text of its own, so that one never becomes the other.
 * Above them what the visitor is typing; in place of the reply, who has the conversation when it is not this agent.
 */
import { h } from "../shared/html.js";
import { MOST, NOTHING } from "../shared/readable.js";
import { composes } from "./keys.js";
import { Part } from "./part.js";
import { whereabouts } from "./whereabouts.js";
import { called, drawing } from "./words.js";
import "./responses.js";

const SAY_TYPING_EVERY = 3_000;
const TYPING_ENDS = 5_000;
const NOT_YOURS = "This conversation is not yours any more. What you wrote is kept.";

class ReplyComposer extends Part {
  #conversation = null;
  #kind = "reply";
  #tabs = {};
  #pages = {};
  #texts = {};
  #sends = {};
  #counts = {};
  #typing;
  #bar;
  #refused;
  #responses;
  #said = 0;
  #stops = null;
  #holder = null;

  set conversation(conversation) {
    this.#stopTyping();
    this.#conversation = conversation;
    this.#holder = null;
    this.#refused.hidden = true;
    const begun = (kind) => (conversation ? this.desk.drafts.get(conversation, kind) : "");
    for (const kind of ["reply", "note"]) this.#write(kind, begun(kind));
    this.#responses.conversation = conversation;
    this.#turn("reply");
    this.#update();
    this.#showTyping();
  }

  begin() {
    this.#draw();
    const here = ({ detail }) => detail.conversation === this.#conversation;
    this.hear("queue welcome all brief offers gone", () => this.#update());
    this.hear("ending", (event) => here(event) && this.#ends());
    this.hear("thread", (event) => here(event) && this.#update());
    this.hear("typing thread", () => this.#showTyping());
    this.hear("message", ({ detail }) => this.#answered(detail.entry));
  }

  focusReply() {
    this.#turn("reply");
    (this.#texts.reply.hidden ? (this.#bar.querySelector("button, a") ?? this.#tabs.reply) : this.#texts.reply).focus();
  }

  focusNote() {
    this.#turn("note");
    this.#texts.note.focus();
  }

  /** Gives up an unsent message and puts its words back where they can be changed. */
  takeBack(entry) {
    const kind = entry.op === "note" ? "note" : "reply";
    const text = this.desk.takeBack(entry.client_id);
    const begun = this.#texts[kind].value;
    this.#write(kind, begun ? `${begun}\n${text}` : text);
    this.#keep(kind);
    kind === "note" ? this.focusNote() : this.focusReply();
  }

  #draw() {
    this.#typing = h("p.composer__typing", { hidden: true });
    this.#refused = h("p.composer__refused", { role: "alert", hidden: true });
    const tabs = h("div.composer__tabs", { role: "tablist", "aria-label": "What to write" });
    for (const [kind, word] of [
      ["reply", "Reply"],
      ["note", "Note"],
    ]) {
      this.#tabs[kind] = h(
        "button.composer__tab",
        {
          type: "button",
          role: "tab",
          id: `composer-${kind}`,
          "aria-controls": `composer-page-${kind}`,
          onclick: () => (kind === "note" ? this.focusNote() : this.focusReply()),
        },
        kind === "note" ? drawing("notebook-pen") : drawing("message-circle"),
        word,
      );
      tabs.append(this.#tabs[kind]);
    }
    this.hear("keydown", (event) => this.#steer(event), tabs);

    this.#bar = h("div.composer__bar", { hidden: true });
    this.#responses = document.createElement("canned-responses");
    this.#responses.desk = this.desk;
    for (const kind of ["reply", "note"]) this.#pages[kind] = this.#page(kind);
    this.#pages.reply.prepend(this.#bar);
    this.#responses.field = this.#texts.reply;
    this.replaceChildren(
      this.#typing,
      this.#responses,
      h("div.composer__card", {}, tabs, this.#refused, this.#pages.reply, this.#pages.note),
    );
    this.#turn("reply");
  }

  #page(kind) {
    const note = kind === "note";
    const text = (this.#texts[kind] = h("textarea.composer__text", {
      rows: 2,
      "aria-label": note ? "Note" : "Reply",
      "aria-describedby": `composer-hint-${kind}`,
      placeholder: note ? "Write a note to your team" : "Write a reply",
      dir: "auto",
    }));
    this.hear("input", () => this.#typed(kind), text);
    this.hear("keydown", (event) => this.#pressed(event, kind), text);
    this.hear("blur", () => this.#stopTyping(), text);
    const count = (this.#counts[kind] = h("span.composer__count.figures", { hidden: true }));
    const send = (this.#sends[kind] = h(
      "button.button.button--main.composer__send",
      { type: "button", onclick: () => this.#send(kind) },
      note ? "Add note" : "Send",
    ));
    const hint = note
      ? "Only your team sees this"
      : "Enter sends, Shift and Enter begin a new line, / finds a prepared answer";
    return h(
      `div.composer__page.composer__page--${kind}`,
      { role: "tabpanel", id: `composer-page-${kind}`, "aria-labelledby": `composer-${kind}` },
      text,
      h("div.composer__foot", {}, h("p.composer__hint", { id: `composer-hint-${kind}` }, hint), count, send),
    );
  }

  #turn(kind) {
    this.#kind = kind;
    for (const each of ["reply", "note"]) {
      this.#tabs[each].setAttribute("aria-selected", String(each === kind));
      this.#tabs[each].tabIndex = each === kind ? 0 : -1;
      this.#pages[each].hidden = each !== kind;
    }
    this.classList.toggle("composer--note", kind === "note");
    this.#grow(kind);
    if (kind === "note") this.#responses.close();
  }

  /** Shows the reply to whom it belongs, and to everybody else why they cannot write one. */
  #update() {
    const conversation = this.#conversation;
    if (!conversation) return;
    const { holder, name } = this.desk.standing(conversation);
    const mine = holder === "me";
    const kept = this.#texts.reply.value !== "";
    const { hidden } = this.#texts.reply;
    this.#texts.reply.hidden = !mine && !kept;
    this.#texts.reply.readOnly = !mine;
    this.#texts.note.readOnly = this.#sends.note.disabled = holder === "gone";
    this.#pages.reply.querySelector(".composer__foot").hidden = !mine;
    this.#bar.hidden = mine;
    this.#sends.reply.disabled = !mine || this.desk.thread(conversation).ending !== null;
    if (hidden && !this.#texts.reply.hidden) this.#grow("reply");
    const email = this.#address();
    const offered = this.desk.offers.has(conversation);
    const stands = `${conversation} ${holder} ${name} ${email} ${kept} ${offered}`;
    if (stands === this.#holder) return;
    const lost = this.#holder?.startsWith(`${conversation} me `) && !mine;
    this.#holder = stands;
    const inside = this.#bar.contains(document.activeElement);
    this.#bar.replaceChildren(...(mine ? [] : this.#explain(holder, name, email, offered)));
    if (!mine && kept) this.#bar.append(h("p.composer__kept", {}, "What you wrote is kept:"));
    if (lost) this.#refused.hidden = true;
    // What was pressed, or was about to be, has gone.
    if (inside) this.#tabs.reply.focus();
  }

  #ends() {
    this.#refused.hidden = true;
    this.#update();
  }

  #explain(holder, name, email, offered) {
    const accept = (words = "Accept") =>
      h(
        "button.button.button--main.composer__accept",
        { type: "button", onclick: (event) => this.#accept(event.currentTarget) },
        words,
      );
    if (holder === "waiting" && offered) {
      const decline = () => this.desk.decline(this.#conversation);
      const not_now = h("button.button.button--quiet", { type: "button", onclick: decline }, "Not now");
      return [h("p", {}, "It is offered to you."), accept(), not_now];
    }
    if (holder === "waiting") return [h("p", {}, "Nobody has this conversation yet."), accept()];
    if (holder === "left") {
      const to = email && h("a", { href: `mailto:${encodeURIComponent(email).replace("%40", "@")}` }, email);
      const words = to
        ? ["Nobody was here, so a message was left. Answer to ", to, ", or accept it to write here."]
        : ["Nobody was here, so a message was left."];
      return [h("p", {}, ...words), accept()];
    }
    if (holder === "agent") return [h("p", {}, `${name ?? "A colleague"} has this conversation. You can add notes.`)];
    if (holder === "gone") return [h("p", {}, "Others have this conversation now, and it is not yours to see any more.")];
    if (holder === "bot") return [h("p", {}, "The assistant is answering."), accept("Take over")];
    return [h("p", {}, "This conversation is closed. If the visitor writes again, a new one begins.")];
  }

  #address() {
    const { events, brief } = this.desk.thread(this.#conversation);
    const left = events.findLast((event) => event.kind === "message_left");
    return left?.body?.email ?? this.desk.row(this.#conversation)?.visitor?.email ?? brief?.contact?.email ?? null;
  }

  async #accept(button) {
    const conversation = this.#conversation;
    const here = whereabouts(this.desk);
    button.disabled = true;
    const problem = await this.desk.accept(conversation);
    button.disabled = false;
    if (!problem) this.#tellPage("accepted", { conversation, here: here() });
    else if (conversation === this.#conversation) this.#refuse(problem);
    else this.#tellPage("say", { text: `${called(this.desk.visitor(conversation))}: ${problem}` });
  }

  #tellPage(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { bubbles: true, detail }));
  }

  #refuse(words) {
    this.#refused.replaceChildren(drawing("circle-alert"), words);
    this.#refused.hidden = false;
  }

  #typed(kind) {
    this.#refused.hidden = true;
    this.#grow(kind);
    this.#keep(kind);
    if (kind === "reply") this.#sayTyping();
  }

  #keep(kind) {
    const { value } = this.#texts[kind];
    this.desk.drafts.set(this.#conversation, kind, value);
    const length = [...value].length;
    const count = this.#counts[kind];
    count.hidden = length < MOST * 0.9;
    count.textContent = `${length} of ${MOST}`;
    count.classList.toggle("composer__count--over", length > MOST);
  }

  #pressed(event, kind) {
    if (event.defaultPrevented || composes(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      this.#send(kind);
    }
  }

  #send(kind) {
    const text = this.#texts[kind].value.trim();
    if (NOTHING.test(text) || !this.#conversation) return;
    if (this.desk.left) return this.#refuse("You are signed out, so this cannot be sent.");
    const length = [...text].length;
    if (length > MOST) return this.#refuse(`This is ${length} characters; ${MOST} fit. Send it in parts.`);
    if (this.desk.standing(this.#conversation).holder === "gone") return this.#refuse(NOT_YOURS);
    if (kind === "reply" && this.desk.thread(this.#conversation).ending)
      return this.#refuse("This conversation is just being ended. What you wrote is kept.");
    if (kind === "note") this.desk.note(this.#conversation, text);
    else if (this.desk.standing(this.#conversation).holder !== "me") {
      return this.#refuse(NOT_YOURS);
    } else this.desk.reply(this.#conversation, text);
    this.#refused.hidden = true;
    this.#write(kind, "");
    this.#keep(kind);
    this.#stopTyping();
    this.#texts[kind].focus();
  }

  /** A refused message goes back to where it was written, with the reason; nothing typed since is overwritten. */
  #answered({ state, error, op, conversation, client_id }) {
    if (state !== "failed" || !error) return;
    const kind = op === "note" ? "note" : "reply";
    const why = error.message ?? "";
    if (conversation !== this.#conversation) {
      const what = `Your ${kind} ${kind === "note" ? "about" : "to"} ${called(this.desk.visitor(conversation))}`;
      return this.#tellPage("say", { text: `${what} was not sent. ${why} It is kept there.`, conversation });
    }
    if (this.#texts[kind].value) return;
    this.#write(kind, this.desk.takeBack(client_id));
    this.#keep(kind);
    this.#refuse(`Not sent. ${why} What you wrote is back here.`);
    this.#update();
  }

  #write(kind, text) {
    this.#texts[kind].value = text;
    this.#grow(kind);
  }

  #grow(kind) {
    const text = this.#texts[kind];
    if (text.closest("[hidden]")) return;
    text.style.blockSize = "auto";
    text.style.blockSize = `${text.scrollHeight}px`;
  }

  #sayTyping() {
    const now = Date.now();
    clearTimeout(this.#stops);
    if (!this.#texts.reply.value) return this.#stopTyping();
    if (now - this.#said > SAY_TYPING_EVERY) {
      this.desk.typing(this.#conversation, true);
      this.#said = now;
    }
    this.#stops = setTimeout(() => this.#stopTyping(), TYPING_ENDS);
  }

  #stopTyping() {
    clearTimeout(this.#stops);
    if (this.#said && this.#conversation) this.desk.typing(this.#conversation, false);
    this.#said = 0;
  }

  #showTyping() {
    const typing = this.#conversation && this.desk.thread(this.#conversation).typing;
    this.#typing.hidden = !typing;
    if (!typing) return this.#typing.replaceChildren();
    const name = called(this.desk.visitor(this.#conversation));
    this.#typing.replaceChildren(
      h("span.composer__typist", {}, `${name} is typing`),
      typing.text ? h("span.composer__draft", { dir: "auto" }, typing.text) : "",
    );
  }

  #steer(event) {
    if (!["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) return;
    event.preventDefault();
    const next =
      event.key === "Home" ? "reply" : event.key === "End" ? "note" : this.#kind === "reply" ? "note" : "reply";
    this.#turn(next);
    this.#tabs[next].focus();
  }
}

customElements.define("reply-composer", ReplyComposer);
