/**
 * <waiting-queue>: who waits, what is mine, and everything; the oldest unanswered on top. Asks the page to look at a
 * conversation with a "look" event, because what is looked at belongs to the address of the page.
 */
import { h } from "../shared/html.js";
import { Part } from "./part.js";
import { whereabouts } from "./whereabouts.js";
import { ago, called, drawing, exactly, pathOf, standingInWords, urgency, waited, waitedInWords } from "./words.js";

const LISTS = {
  new: { tab: "New", label: "Waiting", empty: ["Nobody is waiting.", "You will hear a sound when somebody is."] },
  mine: {
    tab: "Mine",
    label: "Mine",
    empty: ["You have no conversations.", "Those you accept stay here until they are closed."],
  },
  all: {
    tab: "All",
    label: "All",
    empty: ["There are no conversations yet.", "Every conversation is listed here, from its first message on."],
  },
};

/** In a row; the others are in the conversation. */
const MOST_TAGS = 2;

class WaitingQueue extends Part {
  #list = "new";
  #tabs = new Map();
  #rows = new Map();
  #ul;
  #empty;
  #beyond;
  #more;
  #presence;

  begin() {
    this.#draw();
    this.hear("queue offers welcome open all intent message signed-out", () => this.#update());
    this.hear("tick", () => this.#tick());
    this.hear("keydown", (event) => this.#steer(event), this);
    this.#update();
  }

  /** Brings one of the lists forward: "new", "mine" or "all". */
  show(list) {
    if (this.#list === list) return;
    this.#list = list;
    if (list === "all") this.desk.loadAll();
    this.#ul.replaceChildren();
    this.#rows.clear();
    this.#update();
    this.dispatchEvent(new CustomEvent("turned"));
  }

  /** Moves the focus up or down the list, from wherever it is. */
  step(by) {
    const opens = [...this.#ul.querySelectorAll(".queue__open")];
    if (!opens.length) return;
    const at = opens.indexOf(document.activeElement?.closest?.(".queue__row")?.querySelector(".queue__open"));
    const current = opens.findIndex((open) => open.getAttribute("aria-current") === "true");
    const from = at >= 0 ? at : current >= 0 && at < 0 ? current : by > 0 ? -1 : opens.length;
    opens[Math.min(opens.length - 1, Math.max(0, from + by))].focus();
  }

  /** Puts the focus where it was in the list, or on its first row. */
  enter() {
    const open = this.#ul.querySelector('[aria-current="true"]') ?? this.#ul.querySelector(".queue__open");
    (open ?? this.#tabs.get(this.#list)).focus();
  }

  /** Whether this list is the one in sight. */
  shows(list) {
    return this.#list === list && this.offsetParent !== null;
  }

  /** Goes to what is offered: the list, and in it the row, which is then what is accepted next. */
  showOffer(conversation) {
    this.show("new");
    const row = this.#rows.get(conversation);
    if (!row) return this.enter();
    row.element.scrollIntoView({ block: "nearest" });
    row.open.focus();
  }

  /** Brings the first of what is offered into sight; with many, the list does not run away to the last. */
  showFirstOffer() {
    this.#ul.querySelector(".queue__row--offered")?.scrollIntoView({ block: "nearest" });
  }

  /** Presses Accept for the row that has the focus, else for what is offered first, else for the first that waits. */
  acceptNext() {
    if (this.#list !== "new") {
      this.show("new");
      return this.enter();
    }
    const focused = document.activeElement?.closest?.(".queue__row");
    const row = focused ?? this.#ul.querySelector(".queue__row--offered") ?? this.#ul;
    row.querySelector(".queue__accept:not([hidden])")?.click();
  }

  #draw() {
    const tabs = h("div.queue__tabs", { role: "tablist", "aria-label": "Conversations" });
    for (const [list, { tab }] of Object.entries(LISTS)) {
      const count = h("span.queue__count.figures", { hidden: true });
      const button = h(
        "button.queue__tab",
        {
          type: "button",
          role: "tab",
          id: `queue-${list}`,
          "aria-controls": "queue-panel",
          onclick: () => this.show(list),
        },
        tab,
        count,
      );
      this.#tabs.set(list, button);
      tabs.append(button);
    }
    this.#ul = h("ul.queue__rows", { role: "list" });
    this.#empty = h("p.queue__empty", {});
    this.#more = h(
      "button.button.button--quiet.queue__more",
      { type: "button", onclick: () => this.desk.loadAll({ more: true }) },
      "Show older ones",
    );
    const online = h("button.button", { type: "button", onclick: () => this.#goOnline() }, "Go online");
    this.#beyond = h(
      "p.queue__beyond",
      { hidden: true },
      "More is waiting than is listed here. The rest comes up as these are answered.",
    );
    this.#presence = h("div.queue__presence", { hidden: true }, h("p", {}), online);
    const panel = h("div.queue__panel", { id: "queue-panel", role: "tabpanel" }, this.#ul, this.#empty, this.#beyond, this.#more);
    this.replaceChildren(h("h1.aside", {}, "Conversations"), tabs, this.#presence, panel);
  }

  #rowsShown() {
    if (this.#list === "new") return this.desk.waiting;
    return this.#list === "mine" ? this.desk.mine : this.desk.all.rows;
  }

  #update() {
    const { label } = LISTS[this.#list];
    for (const [list, tab] of this.#tabs) {
      tab.setAttribute("aria-selected", String(list === this.#list));
      tab.tabIndex = list === this.#list ? 0 : -1;
    }
    this.#count("new", this.desk.waiting.length, "waiting");
    this.#count("mine", this.desk.mine.length, "yours");
    this.querySelector("#queue-panel").setAttribute("aria-labelledby", `queue-${this.#list}`);
    this.#ul.setAttribute("aria-label", label);

    const { agent, intent } = this.desk;
    this.#presence.hidden = !agent || intent === "online";
    set(this.#presence.firstChild, `You are ${intent}. Nothing is offered to you.`);

    const rows = this.#rowsShown();
    this.#place(rows);
    this.#ul.hidden = !rows.length;
    this.#beyond.hidden = this.#list !== "new" || !this.desk.moreWait;
    this.#more.hidden = this.#list !== "all" || !this.desk.all.more;
    this.#explain(rows.length);
    this.#tick();
  }

  #count(list, n, what) {
    const count = this.#tabs.get(list).querySelector(".queue__count");
    count.hidden = !n;
    const text = n > 99 ? "99+" : String(n);
    if (count.textContent !== text) count.replaceChildren(text, h("span.aside", {}, ` ${what}`));
    this.#tabs.get(list).classList.toggle("queue__tab--calls", list === "new" && n > 0);
  }

  /** Says in an empty list what would be here and how it gets here. */
  #explain(n) {
    const { state } = this.desk.all;
    let words = LISTS[this.#list].empty;
    if (this.desk.line === "refused") words = ["You are signed out.", "The list is here again once you are signed in."];
    else if (this.#list === "all" && state === "failed")
      words = ["The list could not be fetched.", "It is tried again with the next change."];
    else if ((this.#list === "all" && state !== "here") || (this.#list !== "all" && !this.desk.heard))
      words = ["Fetching the list."];
    // Only those who are online are called.
    else if (this.#list === "new" && this.desk.intent !== "online") words = words.slice(0, 1);
    this.#empty.hidden = n > 0;
    const shown = words.join("\n");
    if (this.#empty.dataset.shown === shown) return;
    this.#empty.dataset.shown = shown;
    this.#empty.replaceChildren(h("strong", {}, words[0]), " ", words[1] ? h("span", {}, words[1]) : "");
  }

  /** Puts the rows in order without redrawing those that stay, so that focus and reading place are kept. */
  #place(rows) {
    const focused = this.contains(document.activeElement) ? document.activeElement : null;
    const stood = [...this.#ul.children].indexOf(focused?.closest(".queue__row"));
    const kept = new Set(rows.map((row) => row.id));
    for (const [id, row] of this.#rows) {
      if (kept.has(id)) continue;
      row.element.remove();
      this.#rows.delete(id);
    }
    rows.forEach((row, at) => {
      const shown = this.#rows.get(row.id) ?? this.#make(row.id);
      this.#rows.set(row.id, shown);
      shown.row = row;
      this.#fill(shown);
      if (this.#ul.children[at] !== shown.element) this.#ul.insertBefore(shown.element, this.#ul.children[at] ?? null);
    });
    if (!focused || focused === document.activeElement) return;
    if (focused.isConnected) return focused.focus();
    // Its row has gone; the one that took its place has the focus, to be looked at and not accepted by mistake.
    const next = this.#ul.children[Math.min(stood, rows.length - 1)];
    (next?.querySelector(".queue__open") ?? this.#tabs.get(this.#list)).focus();
  }

  #make(id) {
    const part = {
      who: h("span.queue__who", {}),
      wait: h("span.queue__wait.figures", {}),
      words: h("span.queue__words", {}),
      unread: h("span.queue__unread.figures", {}),
      meta: h("span.queue__meta", {}),
      offer: h("p.queue__offer", { hidden: true }),
      problem: h("p.queue__problem", { role: "alert", hidden: true }),
    };
    part.open = h(
      "button.queue__open",
      { type: "button", id: `row-${id}`, onclick: () => this.#look(id) },
      h("span.queue__line", {}, part.who, part.wait),
      h("span.queue__line", {}, part.words, part.unread),
      part.meta,
    );
    part.accept = h(
      "button.button.queue__accept",
      { type: "button", "aria-describedby": `row-${id}`, onclick: () => this.#accept(id) },
      "Accept",
    );
    part.decline = h(
      "button.button.button--quiet.queue__decline",
      { type: "button", hidden: true, onclick: () => this.#decline(id) },
      "Not now",
    );
    part.actions = h("div.queue__actions", {}, part.accept, part.decline);
    part.element = h("li.queue__row", {}, part.open, part.offer, part.actions, part.problem);
    return part;
  }

  #fill(part) {
    const { row } = part;
    const open = this.desk.open === row.id;
    const offered = row.offered || this.desk.offers.has(row.id);
    const name = called(row.visitor);
    set(part.who, name);
    part.who.title = name;
    set(part.words, this.#lastWords(row));
    const page = pathOf(row.visitor?.page);
    const stands = this.desk.standing(row.id);
    const unsent = this.desk.pending(row.id).some(({ state }) => state === "failed");
    part.meta.replaceChildren(
      ...[
        unsent && h("span.queue__mark.queue__mark--unsent", {}, drawing("circle-alert"), "Not sent"),
        row.priority > 0 &&
          stands.holder === "waiting" &&
          h("span.queue__mark", {}, drawing("bell"), row.priority > 1 ? "Urgent" : "High priority"),
        stands.holder === "left" && h("span.queue__mark", {}, drawing("mail"), standingInWords(stands)),
        this.#list === "all" && stands.holder !== "left" && h("span.queue__holder", {}, standingInWords(stands)),
        row.department && h("span.queue__department", {}, this.desk.departmentCalled(row.department)),
        page && this.#list !== "all" && stands.holder !== "left" && h("span.queue__page", { title: page }, page),
        ...(row.tags ?? []).slice(0, MOST_TAGS).map((tag) => h("span.queue__tag", {}, tag)),
      ].filter(Boolean),
    );
    // What is looked at is being read; the number would only follow the eye.
    const unread = row.unread > 0 && !open;
    part.unread.hidden = !unread;
    if (unread)
      part.unread.replaceChildren(row.unread > 99 ? "99+" : String(row.unread), h("span.aside", {}, " unread"));
    if (open) part.open.setAttribute("aria-current", "true");
    else part.open.removeAttribute("aria-current");
    part.element.classList.toggle("queue__row--open", open);
    part.element.classList.toggle("queue__row--offered", offered);
    part.element.classList.toggle("queue__row--unread", unread);
    // The conversation itself has the button while it is looked at, so there is one for each conversation and not two.
    part.actions.hidden = this.#list !== "new" || open;
    part.accept.classList.toggle("button--main", offered);
    part.decline.hidden = !offered;
    part.offer.hidden = !offered;
  }

  /** Of who waits, what they want: the assistant answers last in nearly each of them. Else the last words. */
  #lastWords(row) {
    const said = this.#list === "new" && row.said ? { ...row.said, from: "visitor" } : row.last;
    const words = said?.text?.replace(/\s+/g, " ").trim();
    if (!words) return "No words yet";
    if (said.from === "visitor") return words;
    const agent = said.by?.id === this.desk.agent?.id ? "You" : said.by?.name || "A colleague";
    return `${said.from === "agent" ? agent : "Assistant"}: ${words}`;
  }

  #tick() {
    const now = this.desk.now();
    for (const { row, wait, offer } of this.#rows.values()) {
      if (row.waiting_since) {
        const seconds = (now - Date.parse(row.waiting_since)) / 1000;
        const state = urgency(seconds);
        if (wait.dataset.urgency !== state) {
          wait.dataset.urgency = state;
          wait.className = `queue__wait queue__wait--${state} figures`;
          wait.replaceChildren(
            ...(state === "new" ? [] : [drawing(state === "overdue" ? "clock-alert" : "clock")]),
            h("span", { "aria-hidden": "true" }),
            h("span.aside", {}),
          );
        }
        const [figures, words] = wait.querySelectorAll("span:not(.icon)");
        set(figures, waited(seconds));
        set(words, `waiting ${waitedInWords(seconds)}${state === "overdue" ? ", overdue" : ""}`);
        wait.title = `Waiting since ${exactly(row.waiting_since)}`;
      } else {
        delete wait.dataset.urgency;
        wait.className = "queue__wait figures";
        set(wait, row.last?.at ? ago(row.last.at, now) : "");
        wait.title = exactly(row.last?.at);
      }
      const until = this.desk.offers.get(row.id);
      set(
        offer,
        until
          ? `Offered to you for ${waited(Math.max(0, until - now) / 1000)} more`
          : row.offered
            ? "Offered to you"
            : "",
      );
    }
  }

  #look(id) {
    this.dispatchEvent(new CustomEvent("look", { bubbles: true, detail: { conversation: id } }));
  }

  /** The button goes with the offer. */
  #decline(id) {
    this.#rows.get(id).open.focus();
    this.desk.decline(id);
  }

  #goOnline() {
    this.desk.setIntent("online");
    this.enter();
  }

  async #accept(id) {
    const part = this.#rows.get(id);
    const focused = part.element.contains(document.activeElement);
    const here = whereabouts(this.desk);
    part.accept.disabled = true;
    const name = called(part.row.visitor);
    const problem = await this.desk.accept(id);
    part.accept.disabled = false;
    if (problem) {
      set(part.problem, problem);
      part.problem.hidden = false;
      if (focused && here() && part.element.isConnected) part.open.focus();
      // The row goes with the next change of the queue; who was first should still be read.
      this.dispatchEvent(new CustomEvent("say", { bubbles: true, detail: { text: `${name}: ${problem}` } }));
      return;
    }
    this.dispatchEvent(new CustomEvent("accepted", { bubbles: true, detail: { conversation: id, here: here() } }));
  }

  #steer(event) {
    if (event.target.role === "tab" || event.target.getAttribute?.("role") === "tab") {
      const lists = [...this.#tabs.keys()];
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!by) return;
      const next = lists[(lists.indexOf(this.#list) + by + lists.length) % lists.length];
      this.show(next);
      this.#tabs.get(next).focus();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      this.step(event.key === "ArrowDown" ? 1 : -1);
    } else return;
    event.preventDefault();
  }
}

/** Changes a text only when it is another one, so that selections and screen readers are left alone. */
function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

customElements.define("waiting-queue", WaitingQueue);
