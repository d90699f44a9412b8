/**
 * <canned-responses>: prepared answers, found by typing "/" where a word begins. Their gaps are already filled by the
 * server for this conversation; nothing is filled in here. The field keeps the focus and stays a plain text field.
 */
import { h } from "../shared/html.js";
import { composes } from "./keys.js";
import { Part } from "./part.js";

const ASKED = /(^|\s)\/([\p{L}\p{N}_-]*)$/u;
const MOST = 50;

class CannedResponses extends Part {
  #conversation = null;
  #field = null;
  #list;
  #empty;
  #said;
  #found = [];
  #at = 0;
  #waived = null;

  set conversation(conversation) {
    this.#conversation = conversation;
    this.#waived = null;
    this.close();
  }

  /** The text field they are written into. */
  set field(field) {
    this.#field = field;
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", "canned-list");
    field.addEventListener("input", () => this.#look());
    // Before the composer's own listener, for which Enter means "send".
    field.addEventListener("keydown", (event) => this.#steer(event), { capture: true });
    field.addEventListener("blur", () => this.close());
  }

  begin() {
    this.#list = h("ul.responses__list", { role: "listbox", id: "canned-list", "aria-label": "Prepared answers" });
    this.#empty = h("p.responses__empty", { hidden: true });
    this.#said = h("p.aside", { role: "status" });
    this.hidden = true;
    this.replaceChildren(this.#list, this.#empty);
    this.after(this.#said);
    // The field must not lose the focus to a press on the list.
    this.hear("mousedown", (event) => event.preventDefault(), this);
    this.hear("signed-out", () => {
      this.close();
      this.#list.replaceChildren();
    });
  }

  close() {
    if (this.hidden) return;
    this.hidden = true;
    this.#found = [];
    this.#field?.removeAttribute("aria-activedescendant");
  }

  async #look() {
    const asked = this.#asked();
    if (asked && asked.start === this.#waived) return this.close();
    this.#waived = null;
    if (!asked) return this.close();
    const conversation = this.#conversation;
    const responses = await this.desk.responses(conversation);
    // What was typed meanwhile counts, not what was asked before the answer came.
    const still = this.#asked();
    if (!still || conversation !== this.#conversation || document.activeElement !== this.#field) return this.close();
    this.#show(responses, still.word);
  }

  #asked() {
    const { value, selectionStart, selectionEnd } = this.#field;
    if (selectionStart !== selectionEnd) return null;
    const found = ASKED.exec(value.slice(0, selectionStart));
    return found && { word: found[2].toLowerCase(), start: selectionStart - found[2].length - 1, end: selectionStart };
  }

  #show(responses, word) {
    this.#found = matching(responses ?? [], word).slice(0, MOST);
    this.#list.replaceChildren(...this.#found.map((response, n) => this.#option(response, n)));
    this.#list.hidden = !this.#found.length;
    this.#empty.hidden = this.#found.length > 0;
    this.#empty.textContent = !responses
      ? "The prepared answers could not be fetched. Type on, or try again in a moment."
      : responses.length
        ? `No prepared answer fits “/${word}”.`
        : "There are no prepared answers yet. They are written in responses.yaml of the site.";
    this.hidden = false;
    const { length } = this.#found;
    this.#said.textContent = length ? `${length} prepared answer${length === 1 ? "" : "s"}` : this.#empty.textContent;
    this.#mark(0);
  }

  #option({ shortcut, text }, n) {
    return h(
      "li.responses__option",
      { role: "option", id: `canned-${n}`, "aria-selected": "false", onclick: () => this.#take(n) },
      shortcut ? h("span.responses__shortcut", {}, shortcut) : "",
      h("span.responses__text", { dir: "auto" }, text),
    );
  }

  #mark(n) {
    const options = this.#list.children;
    if (!options.length) return this.#field.removeAttribute("aria-activedescendant");
    options[this.#at]?.setAttribute("aria-selected", "false");
    this.#at = (n + options.length) % options.length;
    options[this.#at].setAttribute("aria-selected", "true");
    options[this.#at].scrollIntoView({ block: "nearest" });
    this.#field.setAttribute("aria-activedescendant", options[this.#at].id);
  }

  #steer(event) {
    if (this.hidden || composes(event)) return;
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") {
      this.#waived = this.#asked()?.start ?? null;
      this.close();
    } else if (by && this.#found.length) this.#mark(this.#at + by);
    else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey && this.#found.length)
      this.#take(this.#at);
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  #take(n) {
    const { text } = this.#found[n];
    const { start, end } = this.#asked() ?? {};
    if (start === undefined) return;
    this.#field.setRangeText(text, start, end, "end");
    this.close();
    this.#field.focus();
    this.#field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
}

/** Those whose shortcut begins with the word, then those that have it anywhere. A shortcut is in small letters. */
function matching(responses, word) {
  const begins = responses.filter(({ shortcut }) => shortcut?.startsWith(`/${word}`));
  const has = (response) =>
    !begins.includes(response) && `${response.shortcut ?? ""} ${response.text}`.toLowerCase().includes(word);
  return [...begins, ...responses.filter(has)];
}

customElements.define("canned-responses", CannedResponses);
