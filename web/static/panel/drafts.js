/**
 * What an agent has begun to write, by conversation and kind, so that looking away, a reload or a refusal loses nothing.
 * Kept for this browser tab only.
 */
const PREFIX = "parlour.draft.";

export class Drafts {
  #storage;

  constructor(storage = sessionStorage) {
    this.#storage = storage;
  }

  get(conversation, kind) {
    return this.#storage.getItem(key(conversation, kind)) ?? "";
  }

  set(conversation, kind, text) {
    if (text) this.#storage.setItem(key(conversation, kind), text);
    else this.#storage.removeItem(key(conversation, kind));
  }

  /** Forgets everything: for signing out. */
  clear() {
    for (const name of Object.keys(this.#storage)) if (name.startsWith(PREFIX)) this.#storage.removeItem(name);
  }
}

function key(conversation, kind) {
  return `${PREFIX}${kind}.${conversation}`;
}
