/** An element of the panel that shows some of what the desk knows; hears the desk only while it stands in the page. */
export class Part extends HTMLElement {
  #desk = null;
  #listening = null;

  get desk() {
    return this.#desk;
  }

  set desk(desk) {
    this.#desk = desk;
    this.#begin();
  }

  connectedCallback() {
    this.#begin();
  }

  disconnectedCallback() {
    this.#listening?.abort();
    this.#listening = null;
  }

  /** Draws what stays and starts listening; called once the part has a desk and a place in the page. */
  begin() {}

  /** Listens to the desk, or to `where`, until the part leaves the page. */
  hear(kinds, then, where = this.#desk) {
    for (const kind of kinds.split(" ")) where.addEventListener(kind, then, { signal: this.#listening.signal });
  }

  #begin() {
    if (!this.#desk || !this.isConnected || this.#listening) return;
    this.#listening = new AbortController();
    this.begin();
  }
}
