/**
 * One line between a window and the server: what is written is kept until the server has it, what was said arrives once
 * and in order, and the line mends itself. The widget's, and with what `protocol.js` adds the panel's. Draws nothing.
 *
 *   const line = new Line({socket, op, name, protocols, headers});
 *   line.hearers = {events: ({conversation, events}) => …};
 *   line.start();
 *
 * Options
 *   socket     address of the WebSocket          op       address of the HTTP fall-back, which takes the same frames
 *   protocols  () => subprotocols (may be async) headers  () => headers of the fall-back (may be async)
 *   name       prefix of the keys in storage     resume   "resume" (visitor) or "watch" (agent): the op that catches up
 *   storage, locks, clock, open, fetch           stand-ins for the browser's own, for tests
 *
 * Events
 *   state    "idle" | "connecting" | "open" | "polling" | "waiting" | "refused"
 *   events   {conversation, events}: each once, in order, without holes
 *   message  {client_id, conversation, body, at, state: "sending" | "failed" | "sent", error, seq}: one of ours moved on
 *   reset    the record was replaced: forget everything that was shown, all of it comes again
 *   and every other frame under the name of its op; ack and refused only of what is not a message
 */
import { clock } from "./clock.js";

const ANSWER_WITHIN = 15_000;
const LOOK_EVERY = 5_000;
const POLL_EVERY = 3_000;
const SOCKET_AGAIN = 60_000;
const RETRY_AFTER = 2_000;

export class Line {
  state = "idle";
  /** Who listens: by kind of event, what is called with it. */
  hearers = {};
  /** What is heard: by conversation the last number shown, what came too early, and from where was asked last. */
  followed = new Map();
  #with;
  #outbox = new Map();
  #timers = {};
  #attempt;
  #socket;
  #failures = 0;
  #epoch;
  #beat = 20_000;
  #opened;
  #heard;
  #spoken = 0;
  #tab = uuid7(Date.now());
  #leave;

  constructor(options) {
    this.#with = {
      resume: "resume",
      headers: () => ({}),
      storage: storage("localStorage"),
      locks: navigator.locks,
      clock,
      open: (address, protocols) => new WebSocket(address, protocols),
      fetch,
      ...options,
    };
    for (const kind of ["online", "visibilitychange"]) addEventListener(kind, this.nudge);
  }

  /** Tells whoever listens. */
  hear(kind, what) {
    this.hearers[kind]?.(what);
  }

  /** Opens the line and keeps it open; sends what an earlier page or a closed tab left unsent. */
  start() {
    if (!/idle|refused/.test(this.state)) return;
    const { locks, name } = this.#with;
    // Held as long as this tab talks: who gets the lock of another tab knows that it is gone.
    locks?.request(`${name}.${this.#tab}`, () => new Promise((leave) => (this.#leave = leave)));
    this.#adopt();
    this.#connect();
  }

  /** Closes the line; what is unsent stays in the outbox. */
  stop() {
    this.#drop();
    this.#leave?.();
    this.#failures = 0;
    this.#change("idle");
  }

  /** Tries again now instead of later. */
  nudge = () => {
    if (this.state === "waiting") this.#connect();
  };

  /** Hears a conversation from after the given number on. */
  follow(conversation, last = 0) {
    if (this.followed.has(conversation)) return;
    this.followed.set(conversation, { last, held: {} });
    this.#catchUp(conversation);
  }

  /** The number of the last event heard of a conversation. */
  last(conversation) {
    return this.followed.get(conversation)?.last ?? 0;
  }

  /** Writes a message: kept first, then sent, again and again until acknowledged. Returns its client_id. */
  send(conversation, body, { op = "send", ...fields } = {}) {
    const at = this.now();
    // What is unsent was written before, also when the clock was set back meanwhile, or the page loaded again.
    const client_id = uuid7(at, ...this.#outbox.keys(), ...this.kept());
    const entry = { client_id, op, conversation, body, fields, at, tab: this.#tab, error: null };
    this.#dispatch(entry);
    return client_id;
  }

  /** Says something that may be lost (typing, read, presence); returns whether it left. */
  tell(op, fields) {
    if (this.#socket?.readyState !== 1) return false;
    this.#socket.send(JSON.stringify({ op, ...fields }));
    this.#spoken = this.now();
    return true;
  }

  /** Sends a refused or stranded message once more; the server still takes it only once. */
  retry(client_id) {
    const entry = this.#outbox.get(client_id);
    entry.error = null;
    this.nudge();
    this.#dispatch(entry);
  }

  /** Gives a message up and returns it, so that its text can be written differently. */
  discard(client_id) {
    const entry = this.#outbox.get(client_id);
    this.#outbox.delete(client_id);
    this.#with.storage.removeItem(this.#key(client_id));
    return entry;
  }

  /** What is not yet acknowledged, oldest first. */
  pending() {
    return [...this.#outbox.values()].sort((a, b) => (a.client_id < b.client_id ? -1 : 1));
  }

  /** The client_ids of unsent messages in storage, written by this page or by others. */
  kept() {
    return Object.keys(this.#with.storage).flatMap((key) => key.split(this.#key(""))[1] ?? []);
  }

  now() {
    return this.#with.clock.now();
  }

  #change(state) {
    if (state === this.state) return;
    this.state = state;
    this.hear("state", state);
  }

  /** One timer a purpose; without `what` there is none any more. */
  #later(purpose, wait, what) {
    const { clock } = this.#with;
    clock.cancel(this.#timers[purpose]);
    if (what) this.#timers[purpose] = clock.after(wait, what);
  }

  // The line

  async #connect() {
    const attempt = (this.#attempt = {});
    const byRequest = this.#failures % 3 === 2;
    this.#change("connecting");
    // Without a network there is nothing to try; `online` will say when.
    if (!navigator.onLine) return this.#lost();
    // A handshake that is neither taken nor refused must not hold the line for ever.
    this.#later("connect", ANSWER_WITHIN, () => this.#lost());
    try {
      const { socket: address, protocols, open } = this.#with;
      const offered = byRequest || (await protocols());
      if (attempt !== this.#attempt) return;
      const socket = (this.#socket = byRequest ? new Requests(this.#with) : open(address, offered));
      socket.onopen = () => this.#greet();
      socket.onmessage = ({ data }) => this.#receive(parse(data));
      socket.onclose = (closed) => this.#lost(closed);
    } catch {
      if (attempt === this.#attempt) this.#lost();
    }
  }

  #greet() {
    this.#later("connect");
    this.#opened = this.#heard = this.now();
    for (const conversation of this.followed.keys()) this.#catchUp(conversation, true);
    if (!this.followed.size && this.#with.resume === "resume") this.tell("resume", { conversation: null, after: 0 });
    for (const entry of this.pending()) if (!entry.error) this.#dispatch(entry);
    this.#look();
  }

  /** While the line is open: beat, let go of a socket that has gone deaf, and of requests when a socket may be had again. */
  #look() {
    const polls = this.#socket instanceof Requests;
    this.#adopt();
    this.#later("look", polls ? POLL_EVERY : LOOK_EVERY, () => {
      const now = this.now();
      const waiting = this.pending().some(({ sent, error }) => !error && now - sent > ANSWER_WITHIN);
      if (waiting || now - this.#heard > this.#beat * 2.5) return this.#lost();
      if (polls && now - this.#opened > SOCKET_AGAIN) {
        this.#drop();
        // With one more failure it is requests again.
        this.#failures = 1;
        return this.#connect();
      }
      if (polls) for (const conversation of this.followed.keys()) this.#catchUp(conversation, true);
      if (polls || now - this.#spoken >= this.#beat) this.tell("beat");
      this.#look();
    });
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = this.#attempt = null;
    this.#later("look");
    this.#later("connect");
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #lost({ code, reason = "" } = {}) {
    this.#drop();
    if (code === 4401) return this.#change("refused");
    this.#failures += 1;
    // A restart or a single break is over in a moment and not worth a word; only then is a message called unsent.
    if (this.#failures > 1) for (const entry of this.pending()) this.#move(entry, "failed");
    this.#change("waiting");
    const wait = reason.split("retry:")[1] * 1000 || Math.min(20_000, 400 * 2 ** this.#failures) + (code === 1008) * 10_000;
    this.#later("connect", wait * (1 + Math.random() / 2), () => this.#connect());
  }

  // What arrives

  #receive(frame) {
    const { op, heads = {} } = frame;
    this.#heard = this.now();
    this.#failures = 0;
    this.#change(this.#socket instanceof Requests ? "polling" : "open");
    if (op === "welcome") this.#welcome(frame);
    if (op === "ack") return this.#settle(frame);
    if (op === "refused") return this.#refuse(frame);
    if (op === "events") return this.#take(frame);
    if (op !== "beat") return this.hear(op, frame);
    for (const [conversation, head] of Object.entries(heads))
      if (head > this.#heardOf(conversation)?.last) this.#catchUp(conversation, true);
    // A hidden page's timers may sleep; arriving frames wake it, so it can still show that it is there.
    if (Math.abs(this.#heard - this.#spoken) > this.#beat / 2) this.tell("beat");
  }

  #welcome({ epoch, beat }) {
    this.#beat = beat * 1000;
    const replaced = this.#epoch && this.#epoch !== epoch;
    this.#epoch = epoch;
    if (!replaced) return;
    const { followed } = this;
    this.followed = new Map();
    this.hear("reset");
    for (const [conversation] of followed) this.follow(conversation);
  }

  /** Shows what is next, drops what was shown, holds what is too early and asks for what lies between. */
  #take({ conversation, events, last, more }) {
    const heard = this.#heardOf(conversation);
    if (!heard) return;
    for (const event of events) if (event.seq > heard.last) heard.held[event.seq] = event;
    const fresh = [];
    for (let event; (event = heard.held[heard.last + 1]); fresh.push(event)) delete heard.held[++heard.last];
    for (const event of fresh) this.#settle({ ...event, conversation });
    if (fresh.length) this.hear("events", { conversation, events: fresh });
    if (more || last > heard.last) this.#catchUp(conversation);
    else heard.asked = null;
  }

  /** How far a conversation is heard: a visitor hears all of theirs, whoever began them; an agent what is followed. */
  #heardOf(conversation) {
    const { followed } = this;
    if (!followed.has(conversation) && this.#with.resume === "resume") followed.set(conversation, { last: 0, held: {} });
    return followed.get(conversation);
  }

  /** Asks for what is missing, once for the same gap unless `again`. */
  #catchUp(conversation, again) {
    const heard = this.followed.get(conversation);
    if (!again && heard.asked === heard.last) return;
    if (this.tell(this.#with.resume, { conversation, after: heard.last })) heard.asked = heard.last;
  }

  // The outbox

  #dispatch(entry) {
    this.#move(entry, "sending");
    this.#push(entry);
  }

  #push({ op, conversation, client_id, body, fields }) {
    const entry = this.#outbox.get(client_id);
    if (!entry) return;
    if (this.tell(op, { conversation, client_id, ...fields, body })) entry.sent = this.now();
    else if (this.#failures > 1) this.#move(entry, "failed");
  }

  #settle(ack) {
    const entry = this.discard(ack.client_id);
    if (!entry) return this.hear("ack", ack);
    const { conversation, seq } = ack;
    this.hear("message", Object.assign(entry, { conversation, seq, state: "sent" }));
    if (this.#with.resume === "resume") this.follow(conversation);
  }

  #refuse(frame) {
    const { error } = frame;
    const entry = this.#outbox.get(frame.client_id);
    if (!entry) this.hear("refused", frame);
    else if (error.code === "retry") this.#with.clock.after(RETRY_AFTER, () => this.#push(entry));
    else this.#move(Object.assign(entry, { error }), "failed");
  }

  #move(entry, state) {
    if (entry.state === state) return;
    entry.state = state;
    this.#outbox.set(entry.client_id, entry);
    try {
      this.#with.storage.setItem(this.#key(entry.client_id), JSON.stringify(entry));
    } catch {
      // Storage is full or forbidden: the message lives as long as this page.
    }
    this.hear("message", entry);
  }

  #key(client_id) {
    return `${this.#with.name}.out.${client_id}`;
  }

  /** Takes over what closed tabs left unsent; a living tab sends its own. */
  #adopt() {
    const { locks, storage: kept, name } = this.#with;
    for (const client_id of this.kept()) {
      const read = () => parse(kept.getItem(this.#key(client_id)));
      const { tab } = read();
      const take = (lock) => {
        const entry = read();
        if (!lock || !entry.op || entry.tab !== tab) return;
        const own = { ...entry, tab: this.#tab, state: "" };
        if (own.error) this.#move(own, "failed");
        else this.#dispatch(own);
      };
      if (tab === this.#tab) continue;
      if (locks) locks.request(`${name}.${tab}`, { ifAvailable: true }, take);
      else take(true);
    }
  }
}

/** The fall-back: a socket made of requests, one a frame, in order. An answer is a sign of life by itself. */
class Requests {
  readyState = 1;
  #posts;
  #with;

  constructor(options) {
    this.#with = options;
    this.#posts = Promise.resolve().then(() => this.onopen?.());
  }

  send(body) {
    this.#posts = this.#posts.then(() => this.onmessage && this.#post(body)).catch(() => this.onclose?.());
  }

  async #post(body) {
    const { fetch: ask, op, headers } = this.#with;
    const init = { method: "POST", headers: { "Content-Type": "application/json", ...(await headers()) }, body };
    const answer = await ask(op, init);
    const { status } = answer;
    const { frames = [], error } = parse(await answer.text());
    if (status === 401) return this.onclose?.({ code: 4401 });
    if (error && status < 429) frames.push({ op: "refused", client_id: parse(body).client_id, error });
    else if (!answer.ok) throw error;
    for (const frame of [{ op: "beat" }, ...frames]) this.onmessage?.({ data: JSON.stringify(frame) });
  }

  close() {}
}

/** A time-ordered identifier (UUID version 7): sorting by it is sorting by when it was written, after all the `earlier`. */
export function uuid7(now, ...earlier) {
  const time = Math.max(now, ...earlier.map((id) => parseInt(id.replace("-", ""), 16) + 1 || 0));
  const digits = time.toString(16).padStart(12, 0);
  const digit = () => Math.floor(Math.random() * 16).toString(16);
  return `${digits.slice(0, 8)}-${digits.slice(8)}-7xxx-8xxx-xxxxxxxxxxxx`.replace(/x/g, digit);
}

/** JSON into objects without a prototype: what a host page hung on Object.prototype is not part of a frame. */
export function parse(text) {
  const bare = (_, value) => (value instanceof Object && !Array.isArray(value) ? { __proto__: null, ...value } : value);
  try {
    return JSON.parse(text, bare) ?? {};
  } catch {
    return {};
  }
}

/** The page's own storage, or where there is none or it is forbidden one that keeps nothing. */
export function storage(kind) {
  const none = new Proxy({}, { get: () => () => null });
  try {
    return window[kind] ?? none;
  } catch {
    return none;
  }
}
