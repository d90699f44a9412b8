/**
 * <sound-alert>: makes a waiting visitor hard to miss. A tone when somebody begins to wait, again while an offer stands,
 * a softer one for an answer in a conversation of one's own, and the number of both in the title of the page. Browsers
 * let a page sound only after a first press, so the switch says what is true now and not what was chosen.
 */
import { h } from "../shared/html.js";
import { Part } from "./part.js";
import { called, drawing } from "./words.js";

const KEPT = "parlour.panel.sound";
const OFFERED_AGAIN = 15_000;
const CALL = [
  [660, 0],
  [880, 0.16],
];
const ANSWER = [[740, 0]];

class SoundAlert extends Part {
  #button;
  #wanted = localStorage.getItem(KEPT) !== "off";
  #audio = null;
  #waiting = null;
  #heard = new Map();
  #repeat = null;
  #title = document.title;

  begin() {
    this.#button = h("button.button.button--quiet.alert__switch", { type: "button", onclick: () => this.#switch() });
    this.replaceChildren(this.#button);
    this.hear("queue", () => this.#compare());
    this.hear("offers", ({ detail }) => this.#offered(detail.conversation));
    this.hear("queue open", () => this.#count());
    // A touch counts as a press only when the finger is lifted. What is pressed on the switch, the switch decides.
    this.hear("pointerup keydown", ({ target }) => this.contains(target) || this.#unlock(), document);
    this.hear("signed-out", () => clearInterval(this.#repeat));
    this.#show();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.#repeat);
  }

  #switch() {
    this.#wanted = !(this.#wanted && this.#unlocked());
    localStorage.setItem(KEPT, this.#wanted ? "on" : "off");
    if (this.#wanted) this.#unlock().then(() => this.#play(ANSWER));
    this.#show();
  }

  #unlocked() {
    return this.#audio?.state === "running";
  }

  /** The first press anywhere lets the page sound; after that there is nothing left to do. */
  async #unlock() {
    if (!this.#wanted || this.#unlocked()) return;
    this.#audio ??= new AudioContext();
    this.#audio.onstatechange = () => this.#show();
    await this.#audio.resume().catch(() => {});
    this.#show();
  }

  #show() {
    const on = this.#wanted && this.#unlocked();
    const words = on ? "Sound is on" : this.#wanted ? "Sound starts with your first click" : "Sound is off";
    if (this.#button.dataset.said === words) return;
    this.#button.dataset.said = words;
    this.#button.title = on ? "Turn the sound off" : "Turn the sound on";
    this.#button.replaceChildren(drawing(on ? "volume-2" : "volume-x"), h("span.alert__word", {}, words));
  }

  #compare() {
    const { waiting, mine, open, intent } = this.desk;
    const ids = new Set(waiting.map((row) => row.id));
    const fresh = this.#waiting ? waiting.filter((row) => !this.#waiting.has(row.id)) : [];
    this.#waiting = ids;
    if (fresh.length && intent === "online") {
      this.#play(CALL);
      for (const row of fresh) this.#announce(row, `${called(row.visitor)} is waiting`);
    }
    for (const row of mine) {
      const before = this.#heard.get(row.id);
      const said = row.said?.seq ?? 0;
      this.#heard.set(row.id, said);
      if (before === undefined || said <= before) continue;
      if (row.id === open && document.hasFocus()) continue;
      this.#play(ANSWER);
      this.#announce(row, called(row.visitor));
    }
  }

  #offered(conversation) {
    clearInterval(this.#repeat);
    if (!this.desk.offers.size) return;
    if (this.desk.offers.has(conversation)) {
      this.#play(CALL);
      const row = this.desk.row(conversation);
      if (row) this.#announce(row, `${called(row.visitor)} is offered to you`);
    }
    this.#repeat = setInterval(() => this.#play(CALL), OFFERED_AGAIN);
  }

  /** Leaves it to whoever shows system notifications to say it outside the window. */
  #announce(row, title) {
    document.dispatchEvent(
      new CustomEvent("parlour:attention", { detail: { conversation: row.id, title, text: (row.said ?? row.last)?.text ?? "" } }),
    );
  }

  #count() {
    const n = this.desk.waiting.length + this.desk.mine.filter((row) => row.unread > 0).length;
    document.title = n ? `(${n}) ${this.#title}` : this.#title;
  }

  #play(notes) {
    if (!this.#wanted || !this.#unlocked()) return;
    const now = this.#audio.currentTime;
    for (const [pitch, after] of notes) {
      const tone = this.#audio.createOscillator();
      const loudness = this.#audio.createGain();
      tone.frequency.value = pitch;
      loudness.gain.setValueAtTime(0, now + after);
      loudness.gain.linearRampToValueAtTime(0.18, now + after + 0.02);
      loudness.gain.exponentialRampToValueAtTime(0.001, now + after + 0.34);
      tone.connect(loudness).connect(this.#audio.destination);
      tone.start(now + after);
      tone.stop(now + after + 0.36);
    }
    this.dataset.played = String(Number(this.dataset.played ?? 0) + 1);
  }
}

customElements.define("sound-alert", SoundAlert);
