/** Where the visitor writes. Says in words why something cannot be sent, and keeps what was written over pages. */
import { h, icon } from "../shared/html.js";
import { link } from "../shared/prose.js";
import { MOST, NOTHING } from "../shared/readable.js";

const ENTER = 13;
const TYPING_EVERY = 3_000;

export class Composer {
  element;
  #texts;
  #act;
  #field;
  #error = h("p.error", { id: "error", role: "alert" });
  #human;
  #typed = 0;
  #later;

  /** `act`: send(body), ask(), typing(on, text), draft(text); `note`: the site's own words about privacy. */
  constructor(texts, draft, note = "", act) {
    this.#texts = texts;
    this.#act = act;
    this.#field = h("textarea.field", {
      rows: 1,
      placeholder: texts.message,
      "aria-label": texts.message,
      "aria-describedby": "error",
      oninput: () => this.#changed(),
      onkeydown: (event) => {
        // The number tells Enter from one that confirms a word of an input method, and does so in every browser.
        if (event.keyCode === ENTER && !event.shiftKey) this.#submit(event);
      },
      value: draft,
    });
    this.#human = h("button.plain", { type: "button", onclick: act.ask }, texts.human);
    // [words](address) is the one thing a site may mark.
    const parts = note.split(/\[([^\]]+)\]\(([^)\s]+)\)/);
    const noted = parts.map((part, n) => [part, link(part, parts[n + 1]), ""][n % 3]);
    this.element = h(
      "form.composer",
      { onsubmit: (event) => this.#submit(event) },
      h("div.row", null, this.#field, h("button.send", { "aria-label": texts.send }, icon("m5 12 7-7 7 7M12 19V5"))),
      this.#error,
      h("p.below", null, this.#human, h("span", { lang: texts.language }, ...noted)),
    );
  }

  /** Makes the field as high as what is in it, which only one that is in sight knows. */
  fit() {
    const { value, style } = this.#field;
    style.height = "auto";
    if (value) style.height = `${this.#field.scrollHeight + 2}px`;
  }

  /** Puts a text into the field, to be changed or sent, before what stands there; an empty one clears it. */
  write(text) {
    this.#field.value = text && `${text}\n${this.#field.value}`.trim();
    this.#changed();
    this.focus();
  }

  focus() {
    this.#field.focus();
  }

  /** Whether a person can still be asked for. */
  askable(askable) {
    this.#human.hidden = !askable;
  }

  #submit(event) {
    event.preventDefault();
    const text = this.#field.value.replaceAll("\0", "").trim();
    const over = [...text].length - MOST;
    const wrong = over > 0 ? this.#texts.long(over) : NOTHING.test(text) && this.#texts.empty;
    if (wrong) return this.#complain(wrong);
    this.write("");
    this.#act.send({ text });
  }

  #complain(words) {
    this.#error.textContent = words;
    this.#field.ariaInvalid = !!words;
  }

  #changed() {
    this.fit();
    this.#complain("");
    this.#act.draft(this.#field.value);
    this.#tell();
  }

  /** Says what is being typed, at most every few seconds; the last of it, too. */
  #tell() {
    const { value } = this.#field;
    const wait = this.#typed + TYPING_EVERY - Date.now();
    clearTimeout(this.#later);
    if (value && wait > 0) return (this.#later = setTimeout(() => this.#tell(), wait));
    if (value || this.#typed) this.#act.typing(!!value, value);
    this.#typed = value && Date.now();
  }
}
