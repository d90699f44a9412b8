/**
 * What an agent has begun to write, by conversation and kind, so that looking away, a reload or a refusal loses nothing.
 * Kept for this browser tab only, and for whoever wrote it: another one may sign in there next.
 */
export class Drafts {
  #prefix;
  #storage;
  #texts = new Map();

  constructor(agent, storage = sessionStorage) {
    this.#prefix = `parlour.draft.${agent}.`;
    this.#storage = storage;
    for (const name of this.#kept()) this.#texts.set(name, storage.getItem(name));
  }

  get(conversation, kind) {
    return this.#texts.get(this.#key(conversation, kind)) ?? "";
  }

  set(conversation, kind, text) {
    const name = this.#key(conversation, kind);
    this.#texts.set(name, text);
    if (text) this.#storage?.setItem(name, text);
    else this.#storage?.removeItem(name);
  }

  /** The conversations in which something is begun. */
  conversations() {
    const begun = [...this.#texts].filter(([, text]) => text);
    return new Set(begun.map(([name]) => name.slice(this.#prefix.length).replace(/^\w+\./, "")));
  }

  /** Leaves nothing of this agent in the browser from now on, but what this page has of it: for signing out. */
  clear() {
    for (const name of this.#kept()) this.#storage.removeItem(name);
    this.#storage = null;
  }

  #kept() {
    return Object.keys(this.#storage ?? {}).filter((name) => name.startsWith(this.#prefix));
  }

  #key(conversation, kind) {
    return `${this.#prefix}${kind}.${conversation}`;
  }
}
