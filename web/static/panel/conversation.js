/** <panel-conversation>: what was said, what is being said, and who has it; with the composer below. */
import { h } from "../shared/html.js";
import { bubble, draw, paper } from "./events.js";
import { Part } from "./part.js";
import { called, drawing, pathOf, standingInWords, time } from "./words.js";
import "./brief.js";
import "./composer.js";

const PAUSE = 10 * 60_000;
const NEAR = 80;
/** What leads to the end whoever does it: what they said is there, or what they took over and answer now. */
const LEADS_TO_END = new Set(["message", "accepted"]);
const ENDING = { return: "Returning to the bot…", close: "Closing…" };

class PanelConversation extends Part {
  #title;
  #where;
  #doing;
  /** The buttons that end it: back to the assistant, or for good. */
  #ends;
  #confirm;
  #scroll;
  #endedAt = 0;
  #brief;
  #log;
  #live;
  /** How much was shown a second ago: what was said before is no news, and not read out. */
  #drawn = 0;
  #pending;
  #newer;
  #composer;
  #shown = null;
  #last = null;
  /** The last turn and the last rule: what the bot's next words come of. */
  #before = [];
  /** Whether new words keep the end in sight: not while somebody reads further up. */
  #stays = true;
  /** Whether the beginning is shown because nobody has answered yet, not because somebody went there. */
  #briefing = false;

  begin() {
    this.#draw();
    this.hear("open", () => this.#turn());
    this.hear("queue welcome all line", () => this.#head());
    this.hear("thread", ({ detail }) => detail.conversation === this.#shown && this.#hearMore(detail.fresh));
    this.hear("message", ({ detail }) => detail.entry.conversation === this.#shown && this.#showPending());
    this.hear("signed-out", () => this.#signedOut());
    this.hear("ending", ({ detail }) => detail.conversation === this.#shown && this.#head());
    this.hear("brief gone", ({ detail }) => detail.conversation === this.#shown && this.#head());
    this.hear("tick", () => this.#settle());
    this.hear("visibilitychange", () => this.#markRead(), document);
    this.hear("focus", () => this.#markRead(), window);
    this.#turn();
  }

  focusTitle() {
    this.#title.focus();
  }

  focusReply() {
    this.#composer.focusReply();
  }

  focusNote() {
    this.#composer.focusNote();
  }

  #draw() {
    const back = h(
      "button.button.button--quiet.button--icon.conversation__back",
      { type: "button", "aria-label": "Back to the list" },
      drawing("arrow-left"),
    );
    back.addEventListener("click", () => this.dispatchEvent(new CustomEvent("leave", { bubbles: true })));
    this.#title = h("h2.conversation__name", { tabIndex: -1 });
    this.#where = h("p.conversation__where", {});
    this.#doing = h("p.conversation__doing", { role: "status" });
    this.#ends = {
      giveBack: h(
        "button.button",
        { type: "button", onclick: () => this.#end("giveBack", this.#shown) },
        drawing("undo-2"),
        h("span.conversation__word", {}, "Return to bot"),
      ),
      close: h(
        "button.button",
        { type: "button", onclick: () => this.#askToClose() },
        drawing("circle-check"),
        h("span.conversation__word", {}, "Close"),
      ),
    };
    const details = h(
      "button.button.button--quiet.button--icon.conversation__details",
      {
        type: "button",
        "aria-label": "Details",
        title: "Details",
        onclick: () => this.dispatchEvent(new CustomEvent("details", { bubbles: true })),
      },
      drawing("panel-right"),
    );
    this.#confirm = h("div.conversation__confirm", {
      hidden: true,
      role: "group",
      "aria-label": "Close this conversation",
    });
    const head = h(
      "header.conversation__head",
      {},
      back,
      h("div.conversation__whom", {}, this.#title, this.#where, this.#doing),
      h("div.conversation__actions", {}, ...Object.values(this.#ends), details),
    );

    this.#brief = document.createElement("conversation-brief");
    this.#brief.desk = this.desk;
    this.#log = h("ol.conversation__log", { role: "list" });
    this.#live = h("div", { role: "log", "aria-label": "Conversation" }, this.#log);
    this.#pending = h("ol.conversation__log.conversation__log--pending", {
      role: "list",
      "aria-label": "Not sent yet",
    });
    this.#scroll = h(
      "div.conversation__scroll",
      { tabIndex: 0, role: "region", "aria-label": "What was said" },
      h("div.conversation__measure", {}, this.#brief, this.#live, this.#pending),
    );
    this.hear("scroll", () => this.#scrolled(), this.#scroll);
    // Whatever grows or shrinks (a brief that arrives, a draft, the composer): who reads the end goes on reading the end.
    const sizes = new ResizeObserver(() => (this.#stays ? this.#toEnd() : this.#showWayDown()));
    sizes.observe(this.#scroll);
    sizes.observe(this.#scroll.firstChild);
    this.#newer = h("button.button.conversation__newer", {
      type: "button",
      hidden: true,
      onclick: () => this.#toEnd(),
    });

    this.#composer = document.createElement("reply-composer");
    this.#composer.desk = this.desk;
    this.hear("input", () => this.#briefing && this.#toEnd(), this.#composer);
    const full = h(
      "div.conversation__full",
      {},
      head,
      this.#confirm,
      this.#scroll,
      h("div.conversation__float", {}, this.#newer),
      this.#composer,
    );
    const none = h(
      "div.conversation__none",
      {},
      h("h2", {}, "No conversation is open"),
      h("p", {}, "Choose one from the list, or accept the next one that waits."),
      h(
        "p.conversation__hint",
        {},
        "Keys: ",
        h("kbd", {}, "j"),
        " and ",
        h("kbd", {}, "k"),
        " move through the list, ",
        h("kbd", {}, "a"),
        " takes the next one, ",
        h("kbd", {}, "?"),
        " shows all.",
      ),
    );
    this.replaceChildren(none, full);
  }

  #turn() {
    const { open } = this.desk;
    this.#shown = open;
    this.#live.ariaBusy = "true";
    this.#drawn = 0;
    this.classList.toggle("conversation--none", !open);
    this.#log.replaceChildren();
    this.#last = null;
    this.#before = [];
    this.#wayDown("Latest messages");
    this.#closeConfirm(false);
    this.#brief.conversation = open;
    this.#composer.conversation = open;
    if (!open) return;
    this.#head();
    this.#say(this.desk.thread(open).events);
    this.#showPending();
    this.#place();
    this.#markRead();
  }

  /** From here on what is said is news: a second went by in which nothing more came of what was said before. */
  #settle() {
    const drawn = this.#log.childElementCount;
    if (drawn && drawn === this.#drawn) this.#live.ariaBusy = "false";
    this.#drawn = drawn;
  }

  /** Who looks at what nobody has answered needs the brief first; who has it, or comes later, what was said last. */
  #place() {
    const answered = ({ kind, from }) => kind === "message" && from?.role === "agent";
    const mine = this.desk.standing(this.#shown).holder === "me";
    this.#briefing = !mine && !this.desk.thread(this.#shown).events.some(answered);
    this.#stays = !this.#briefing;
    if (this.#stays) return this.#toEnd();
    this.#scroll.scrollTop = 0;
    this.#showWayDown();
  }

  #head() {
    const open = this.#shown;
    if (!open) return;
    const row = this.desk.row(open);
    const name = called(this.desk.visitor(open));
    if (this.#title.textContent !== name) this.#title.textContent = name;
    const department = this.desk.departmentCalled(row?.department);
    const stands = this.desk.standing(open);
    this.#where.replaceChildren(
      ...[standingInWords(stands), department, row?.visitor?.page && pathOf(row.visitor.page)]
        .filter(Boolean)
        .flatMap((part, n) => (n ? [" · ", part] : [part])),
    );
    this.#where.title = row?.visitor?.page ? pathOf(row.visitor.page) : "";
    this.#act(stands.holder);
  }

  /** Shows what can be done by who has it. Who is about to do it when it goes is left at the name beside it. */
  #act(holder) {
    const mine = holder === "me";
    const doing = (mine && ENDING[this.desk.thread(this.#shown).ending]) || "";
    if (this.#doing.textContent !== doing) this.#doing.textContent = doing;
    this.#where.hidden = doing !== "";
    const ends = Object.values(this.#ends);
    const inside = [...ends, this.#confirm].some((part) => part.contains(document.activeElement));
    for (const end of ends) Object.assign(end, { hidden: !mine, disabled: doing !== "" });
    if (mine) return;
    this.#closeConfirm(false);
    if (inside) this.#title.focus();
  }

  /** Gives a conversation back or closes it. What was pressed goes, and comes back, with the focus, when it fails. */
  async #end(verb, conversation) {
    this.#title.focus();
    this.#closeConfirm(false);
    const problem = await this.desk[verb](conversation);
    if (!problem) return;
    const here = conversation === this.#shown;
    this.#tellPage(here ? problem : `${called(this.desk.visitor(conversation))}: ${problem}`);
    if (here && document.activeElement === this.#title) this.#ends[verb].focus();
  }

  /** Closing cannot be taken back, so it is asked for once more, where the eye already is. */
  #askToClose() {
    const closes = this.#shown;
    const yes = h(
      "button.button.button--danger",
      { type: "button", onclick: () => this.#end("close", closes) },
      "Close conversation",
    );
    const no = h(
      "button.button.button--quiet",
      { type: "button", onclick: () => this.#closeConfirm(true) },
      "Keep it open",
    );
    const name = called(this.desk.visitor(closes));
    this.#confirm.replaceChildren(h("p", {}, `Close it? If ${name} writes again, a new one begins.`), yes, no);
    this.#confirm.hidden = false;
    this.#confirm.onkeydown = (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.#closeConfirm(true);
    };
    yes.focus();
  }

  #signedOut() {
    this.#closeConfirm(true);
    this.#confirm.replaceChildren();
    if (this.#shown) this.#showPending();
  }

  #closeConfirm(refocus) {
    if (this.#confirm.hidden) return;
    this.#confirm.hidden = true;
    if (refocus) this.#ends.close.focus();
  }

  #tellPage(text) {
    this.dispatchEvent(new CustomEvent("say", { bubbles: true, detail: { text } }));
  }

  #hearMore(fresh) {
    if (!fresh.length && !this.desk.thread(this.#shown).events.length) this.#log.replaceChildren();
    const first = !this.#log.childElementCount;
    // Who scrolls up is told so only with the next frame; what comes before it must not pull them back.
    if (this.#stays && this.#scroll.scrollTop < this.#endedAt && !this.#atEnd()) this.#scrolled();
    this.#say(fresh);
    this.#showPending();
    this.#head();
    if (first) this.#place();
    else if (this.#stays || fresh.some((event) => LEADS_TO_END.has(event.kind) && this.desk.isMine(event))) this.#toEnd();
    else if (fresh.some((event) => event.kind === "message")) this.#wayDown("New message");
    this.#markRead();
  }

  #say(events) {
    const now = this.desk.now();
    const made = [];
    for (const event of events) {
      if (event.kind === "turn" || event.kind === "rule_applied")
        this.#before = [...this.#before.filter(({ kind }) => kind !== event.kind), event];
      const mine = this.desk.isMine(event);
      const department = this.desk.departmentCalled(event.body.department);
      const item = draw(event, { mine, before: this.#before, department });
      if (!item) continue;
      const at = Date.parse(event.at);
      const new_day = this.#last && new Date(this.#last.at).toDateString() !== new Date(at).toDateString();
      if (!this.#last || new_day || at - this.#last.at > PAUSE) {
        made.push(h("li.conversation__time", {}, time(event.at, now) ?? ""));
        this.#last = null;
      }
      const by = `${event.kind} ${event.from?.role} ${event.from?.name}`;
      if (this.#last?.by === by) item.classList.add("conversation__item--same");
      this.#last = { at, by };
      item.dataset.seq = event.seq;
      made.push(item);
    }
    this.#log.append(...made);
    this.#marks();
  }

  /** "Read" under the last of mine that the visitor has seen. */
  #marks() {
    const { readByVisitor } = this.desk.thread(this.#shown);
    this.#log.querySelector(".conversation__read")?.remove();
    if (!readByVisitor) return;
    const own = [...this.#log.querySelectorAll(".conversation__item--agent")].filter(
      (item) => Number(item.dataset.seq) <= readByVisitor,
    );
    own.at(-1)?.append(h("p.conversation__read", {}, drawing("check-check"), "Read"));
  }

  #showPending() {
    const entries = this.desk.pending(this.#shown).filter(({ op }) => op === "send" || op === "note");
    this.#pending.replaceChildren(...entries.map((entry) => this.#unsent(entry)));
    this.#pending.hidden = !entries.length;
  }

  #unsent(entry) {
    const kind = entry.op === "note" ? "note" : "agent";
    const failed = entry.state === "failed";
    // The button goes when it is sent, and letters without a field are keys.
    const again = () => {
      this.desk.retry(entry.client_id);
      kind === "note" ? this.#composer.focusNote() : this.#composer.focusReply();
    };
    const ways = [
      h("button.conversation__again", { type: "button", onclick: again }, "Try again"),
      h(
        "button.conversation__again",
        { type: "button", onclick: () => this.#composer.takeBack(entry) },
        "Change it",
      ),
    ];
    const state = failed
      ? h(
          "p.conversation__state.conversation__state--failed",
          { role: "alert" },
          drawing("circle-alert"),
          entry.error ? `Not sent. ${entry.error.message ?? ""} ` : "Not sent. ",
          ...(this.desk.left ? [] : ways),
        )
      : entry.state === "sending"
        ? h("p.conversation__state", {}, "Sending")
        : "";
    const body = kind === "note" ? paper("you", entry.body.text) : bubble(entry.body.text);
    return h(`li.conversation__item.conversation__item--${kind}.conversation__item--own`, {}, body, state);
  }

  #atEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroll;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  #scrolled() {
    const { scrollTop } = this.#scroll;
    // Our own way to the end is told late, when there may be less room again: only who goes up leaves the end.
    const stayed = this.#stays && scrollTop >= this.#endedAt;
    this.#stays = (stayed || this.#atEnd()) && !(this.#briefing && !scrollTop);
    if (scrollTop) this.#briefing = false;
    this.#showWayDown();
  }

  #toEnd() {
    this.#briefing = false;
    this.#stays = true;
    this.#scroll.scrollTop = this.#scroll.scrollHeight;
    this.#endedAt = this.#scroll.scrollTop;
    this.#newer.hidden = true;
  }

  #wayDown(words) {
    this.#newer.replaceChildren(drawing("chevron-down"), words);
    this.#showWayDown();
  }

  #showWayDown() {
    this.#newer.hidden = this.#atEnd();
  }

  #markRead() {
    if (this.#shown && document.visibilityState === "visible" && document.hasFocus()) this.desk.read(this.#shown);
  }
}

customElements.define("panel-conversation", PanelConversation);
