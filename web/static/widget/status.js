/** Who is at the other end, said in words, and how things stand: never more than is known. */
import { moment } from "../shared/clock.js";
import { h, icon } from "../shared/html.js";

const PATIENCE = 1_500;
const BOT = "M12 8V4H8M6 8h12a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2M2 14h2m16 0h2m-7-1v2m-6-2v2";

const CLOSE = "M18 6 6 18M6 6l12 12";

/** A person's first letter, or the mark of the bot. */
export const face = (person) => h("span.face", { ariaHidden: true }, person ? [...person][0] : icon(BOT));

/** Who it is, in pictures and words, and a way to close it. */
export const party = (picture, words, label, onclick) =>
  h("div.party", null, picture, words, h("button.shut", { "aria-label": label, onclick }, icon(CLOSE)));

export class Status {
  element;
  #texts;
  #site;
  #face = h("span");
  #name = h("h2.name", { id: "name" });
  #standing = h("p", { role: "status" });
  #trouble = h("p.trouble", { role: "status" });
  #timer;

  constructor(texts, site, { close }) {
    this.#texts = texts;
    this.#site = site;
    this.element = h(
      "div.head",
      null,
      party(this.#face, h("div", null, this.#name, this.#standing), texts.close, close),
      this.#trouble,
    );
  }

  /** `status`: as the server tells it; none before there is a conversation. */
  show({ holder, agent, department, place, opens, left, open }) {
    const texts = this.#texts;
    const waiting = holder === "queue";
    const standing =
      waiting && place ? texts.place(place)
      : waiting ? texts.queue
      : left ? texts.left
      : opens ? texts.opens(moment(Date.parse(opens), Date.now(), texts.lang))
      : holder === "nobody" && open ? texts.nobody
      : agent ? texts.person
      : texts.program;
    this.#face.replaceChildren(face(agent));
    this.#name.textContent = agent ? [agent, department].filter(Boolean).join(", ") : this.#site;
    if (this.#standing.textContent !== standing) this.#standing.textContent = standing;
  }

  /** A broken line is worth a sentence only when it does not mend at once. */
  line(state) {
    clearTimeout(this.#timer);
    if (/open|polling/.test(state)) this.#trouble.textContent = "";
    if (state === "waiting") this.#timer = setTimeout(() => (this.#trouble.textContent = this.#texts.offline), PATIENCE);
  }
}
