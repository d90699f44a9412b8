/** <conversation-explanation>: over the panel, each turn with its steps and guards, and why a trigger spoke. */
import { h } from "../shared/html.js";
import { prose } from "../shared/prose.js";
import { Part } from "./part.js";
import { called, drawing, time } from "./words.js";

const WHO = { visitor: "Visitor", bot: "Assistant", system: "Parlour" };

class ConversationExplanation extends Part {
  #dialog;
  #title;
  #body;
  #asked = 0;

  begin() {
    this.#title = h("h2", { id: "explanation-title", tabIndex: -1 });
    const close = h(
      "button.button.button--quiet.button--icon",
      { type: "button", "aria-label": "Close the explanation", onclick: () => this.#dialog.close() },
      drawing("x"),
    );
    this.#body = h("div.explanation__body", { tabIndex: 0, role: "region", "aria-label": "What happened, in order" });
    this.#dialog = h(
      "dialog.explanation",
      { "aria-labelledby": "explanation-title" },
      h("header.explanation__head", {}, this.#title, close),
      this.#body,
    );
    // A press beside it closes it; one inside never reaches the dialog itself.
    this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.#dialog.close());
    this.replaceChildren(this.#dialog);
    this.hear("signed-out", () => this.#forget());
  }

  get isOpen() {
    return this.#dialog.open;
  }

  #forget() {
    this.#asked += 1;
    this.#dialog.close();
    this.#title.textContent = "";
    this.#body.replaceChildren();
  }

  /** Tells the story of a conversation, from `seq` on if that is asked for; the rest lies above. */
  async show(conversation, seq) {
    const asked = ++this.#asked;
    this.#title.textContent = `What happened with ${called(this.desk.visitor(conversation))}`;
    this.#body.replaceChildren(h("p.explanation__word", { role: "status" }, "Looking it up"));
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#title.focus();
    const happenings = await this.desk.explanation(conversation);
    if (asked !== this.#asked) return;
    if (!happenings) {
      const again = h("button.button", { type: "button", onclick: () => this.show(conversation, seq) }, "Try again");
      this.#body.replaceChildren(
        h("p.explanation__word", { role: "alert" }, "The explanation could not be fetched. ", again),
      );
      return;
    }
    const now = this.desk.now();
    const list = h("ol.explanation__list", { role: "list" }, ...happenings.map((each) => happening(each, now)));
    this.#body.replaceChildren(list);
    const wanted = seq && happenings.findLast((each) => each.seq <= seq);
    if (!wanted) return;
    const item = list.querySelector(`[data-seq="${wanted.seq}"]`);
    item.classList.add("explanation__item--wanted");
    item.scrollIntoView({ block: "start" });
  }
}

function happening({ seq, at, who, what, where, reasons }, now) {
  const item = h(
    "li.explanation__item",
    {},
    h(
      "p.explanation__what",
      {},
      h("span.explanation__who", {}, `${WHO[who] ?? who}: `),
      h("span", { dir: "auto" }, ...prose(what)),
      time(at, now) ?? "",
    ),
    where ? h("p.explanation__place", {}, h("code", {}, where)) : "",
    reasons.length ? h("ul.explanation__reasons", { role: "list" }, ...reasons.map(reason)) : "",
  );
  item.dataset.seq = seq;
  return item;
}

function reason({ where, place, words, outcome }) {
  const came = outcome ? h(`span.explanation__outcome.explanation__outcome--${outcome}`, {}, outcome) : "";
  return h(
    "li.explanation__reason",
    {},
    h("span.explanation__words", {}, came, outcome ? " " : "", words),
    h("span.explanation__place", {}, place.replace(".", " › "), where ? h("code", {}, where) : ""),
  );
}

customElements.define("conversation-explanation", ConversationExplanation);
