/**
 * <desktop-notice>: asks once, in words and out of the way, whether the system may show who waits while this window is
 * out of sight; then does. Nothing is asked of the browser before somebody pressed "Turn on".
 */
import { h } from "../shared/html.js";
import { Part } from "./part.js";

const KEPT = "parlour.panel.notice";

class DesktopNotice extends Part {
  begin() {
    this.hear("parlour:attention", ({ detail }) => this.#tell(detail), document);
    this.#ask();
  }

  #ask() {
    this.hidden =
      !("Notification" in window) || Notification.permission !== "default" || localStorage.getItem(KEPT) === "no";
    if (this.hidden) return this.replaceChildren();
    this.replaceChildren(
      h("p", {}, "Show a notice of the system when somebody waits and this window is out of sight?"),
      h(
        "div.notice__choice",
        {},
        h("button.button", { type: "button", onclick: () => this.#request() }, "Turn on"),
        h("button.button.button--quiet", { type: "button", onclick: () => this.#no() }, "No"),
      ),
    );
  }

  async #request() {
    await Notification.requestPermission();
    if (Notification.permission === "default") localStorage.setItem(KEPT, "no");
    this.#ask();
  }

  #no() {
    localStorage.setItem(KEPT, "no");
    this.#ask();
  }

  #tell({ conversation, title, text }) {
    if (!("Notification" in window) || Notification.permission !== "granted") return;
    if (document.visibilityState === "visible" && document.hasFocus()) return;
    let shown;
    try {
      // One notice for a conversation, and each word of it is called out again.
      shown = new Notification(title, { body: text.slice(0, 140), tag: `parlour.${conversation}`, renotify: true });
    } catch {
      return; // Some phones allow it only to what runs without a page; the sound and the title remain.
    }
    shown.onclick = () => {
      window.focus();
      shown.close();
      this.dispatchEvent(new CustomEvent("look", { bubbles: true, detail: { conversation } }));
    };
  }
}

customElements.define("desktop-notice", DesktopNotice);
