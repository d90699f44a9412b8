/**
 * The line of an agent's window (`line.js` says what a line is): it watches several conversations, and asks for things
 * that have no text to lose.
 */
import { Line, uuid7 } from "./line.js";

export { parse, storage, uuid7 } from "./line.js";

export const RETRY_AFTER = 2_000;

export class Protocol extends Line {
  #asked = new Map();
  #again = null;

  /** Asks for something (accept, close, …), over a new socket too: resolves with the ack, rejects with the error. */
  ask(op, fields) {
    const client_id = uuid7(this.now());
    const again = () => this.tell(op, { ...fields, client_id });
    again();
    return new Promise((resolve, reject) => this.#asked.set(client_id, { again, resolve, reject }));
  }

  /** Hears a conversation no longer. */
  unfollow(conversation) {
    if (this.followed.delete(conversation)) this.tell("unwatch", { conversation });
  }

  /** What is not yet acknowledged, oldest first, of one conversation or of all. */
  pending(conversation) {
    const all = super.pending();
    return conversation === undefined ? all : all.filter((entry) => entry.conversation === conversation);
  }

  /** Forgets every unsent message, here and in storage: for signing out. */
  clear() {
    for (const { client_id } of this.pending()) this.discard(client_id);
    for (const client_id of this.kept()) this.discard(client_id);
  }

  hear(kind, what) {
    const asked = this.#asked.get(what?.client_id);
    if (kind === "state" && /open|polling/.test(what)) for (const { again } of this.#asked.values()) again();
    if (kind === "refused" && !what.client_id && what.error.code === "retry") this.#askAgain();
    if (!asked || !/ack|refused/.test(kind)) return super.hear(kind, what);
    if (what.error?.code === "retry") return setTimeout(asked.again, RETRY_AFTER);
    this.#asked.delete(what.client_id);
    return kind === "ack" ? asked.resolve(what) : asked.reject(what.error);
  }

  /** What was refused for now has no name: it may have been what a conversation is watched by. However many are, once. */
  #askAgain() {
    clearTimeout(this.#again);
    this.#again = setTimeout(() => {
      for (const [conversation, { last }] of this.followed) this.tell("watch", { conversation, after: last });
    }, RETRY_AFTER);
  }
}
