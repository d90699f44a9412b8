/** One conversation as far as a window has heard it, and what its events change. */

/** What an event changes in the row of its conversation. */
export const MOVES = {
  agent_requested: { holder: "queue" },
  requeued: { holder: "queue" },
  waited_long: { holder: "bot" },
  message_left: { left: true },
  accepted: { holder: "agent", left: false },
  returned: { holder: "bot" },
  closed: { holder: "nobody", left: false },
};
const LEFT_AGAIN = { holder: "bot", left: true };
/** What makes a brief say something else. */
export const CHANGES_BRIEF = new Set(["turn", "page_viewed", "contact_changed", "agent_requested", "agent_missing", "misunderstood"]);

/** One conversation as far as this window has heard it. */
export class Thread {
  events = [];
  typing = null;
  brief = null;
  responses = null;
  readByVisitor = 0;
  token = null;
  /** "return" or "close" from when that was asked for until it has happened or was refused. */
  ending = null;
  read = 0;
  /** It is with others now and not to be seen any more; what was heard of it stays in sight. */
  gone = false;
  /** Mine, acknowledged, but not yet come back as events. */
  settled = new Map();

  /** A row of this conversation as what was heard since makes it. */
  asOfNow(row) {
    const since = this.events.filter(({ seq, kind }) => seq > row.last_seq && kind in MOVES);
    return since.reduce((now, event) => {
      const owner = event.kind === "accepted" ? { id: event.body.agent, name: nameOf(event) } : null;
      return { ...now, owner, ...(isMessageAgain(event) ? LEFT_AGAIN : MOVES[event.kind]) };
    }, row);
  }
}

/** Whether what went back is a message that was left, and nobody who waits. */
export function isMessageAgain({ kind, body }) {
  return kind === "requeued" && Boolean(body.left);
}

/** The name of the agent an event is about. */
export function nameOf({ body }) {
  return body.name || "A colleague";
}
