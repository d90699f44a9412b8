/**
 * What an agent has begun to write, by conversation and kind, so that looking away, a reload or a refusal loses nothing.
 * Kept for this browser tab only, and for whoever wrote it: another one may sign in there next.
 */
export class Drafts {
  #prefix;
  #storage;

  constructor(agent, storage = sessionStorage) {
    this.#prefix = `parlour.draft.${agent}.`;
    this.#storage = storage;
  }

  get(conversation, kind) {
    return this.#storage.getItem(this.#key(conversation, kind)) ?? "";
  }

  set(conversation, kind, text) {
    if (text) this.#storage.setItem(this.#key(conversation, kind), text);
    else this.#storage.removeItem(this.#key(conversation, kind));
  }

  /** Forgets everything of this agent: for signing out. */
  clear() {
    for (const name of Object.keys(this.#storage)) if (name.startsWith(this.#prefix)) this.#storage.removeItem(name);
  }

  #key(conversation, kind) {
    return `${this.#prefix}${kind}.${conversation}`;
  }
}
