/** <agent-presence>: what the agent intends, whether the line holds, and the way out. Intent and line are told apart. */
import { h } from "../shared/html.js";
import { Part } from "./part.js";
import { drawing } from "./words.js";

const INTENTS = {
  online: ["Online", "New conversations are offered to you."],
  away: ["Away", "Nothing new is offered. You keep what you have."],
  draining: ["Draining", "You finish what you have; nothing new is offered."],
  offline: ["Offline", "Nothing is offered. What you have stays with you: return or close it first."],
};

const LINES = {
  idle: ["Not connected", false],
  connecting: ["Connecting", false],
  open: ["Connected", true],
  polling: ["Connected, by a slower way", true],
  waiting: ["No connection. It is tried again by itself", false],
  refused: ["Signed out", false],
};

class AgentPresence extends Part {
  #button;
  #intents = new Map();
  #line;
  #again;
  #menu;

  begin() {
    this.#draw();
    this.hear("intent welcome line signed-out", () => this.#show());
    this.#show();
  }

  #draw() {
    this.#menu = this.querySelector("[popover]");
    this.#button = this.querySelector("[popovertarget]");
    const choices = Object.entries(INTENTS).map(([intent, [word, meaning]]) => {
      const choice = h(
        "button.presence__choice",
        { type: "button", onclick: () => this.#choose(intent) },
        h(`span.presence__dot.presence__dot--${intent}`, { "aria-hidden": "true" }),
        h("span", {}, h("span.presence__word", {}, word), h("span.presence__meaning", {}, meaning)),
        drawing("check"),
      );
      this.#intents.set(intent, choice);
      return choice;
    });
    this.#line = h("p.presence__line", {});
    this.#again = h(
      "button.button.presence__again",
      { type: "button", hidden: true, onclick: () => this.desk.tryAgain() },
      "Try now",
    );
    this.#menu.prepend(
      h("div.presence__choices", { role: "group", "aria-label": "Presence" }, ...choices),
      h("div.presence__connection", {}, this.#line, this.#again),
    );
  }

  #choose(intent) {
    this.desk.setIntent(intent);
    this.#menu.hidePopover();
    this.#button.focus();
  }

  #show() {
    const { intent, line } = this.desk;
    const [words, holds] = LINES[line] ?? LINES.idle;
    for (const [each, choice] of this.#intents) choice.setAttribute("aria-pressed", String(each === intent));
    this.#line.replaceChildren(drawing(holds ? "wifi" : "wifi-off"), `${words}.`);
    this.#again.hidden = line !== "waiting";
    const known = this.desk.agent !== null;
    const dot = h(`span.presence__dot.presence__dot--${known && holds ? intent : "unknown"}`, {
      "aria-hidden": "true",
    });
    const said = known && holds ? INTENTS[intent][0] : known && line === "waiting" ? "No connection" : words;
    this.#button.replaceChildren(
      dot,
      h("span.aside", {}, "Presence: "),
      h("span.presence__said", {}, said),
      drawing("chevron-down"),
    );
    this.#button.classList.toggle("presence__button--broken", known && !holds && line !== "connecting");
  }
}

customElements.define("agent-presence", AgentPresence);
