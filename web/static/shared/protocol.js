/**
 * One line between this window and the server: what is written is kept until the server has it, what was said arrives
 * once and in order, and the line mends itself. The same for widget and panel; knows nothing of how anything looks.
 *
 *   const line = new Protocol({socket, op, name, protocols, headers});
 *   line.on("events", ({conversation, events}) => …);
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
 *   and every other frame under the name of its op: welcome, status, queue, offer, offer_over, typing, refused
 */

const ANSWER_WITHIN = 15_000;
const LOOK_EVERY = 5_000;
const POLL_EVERY = 3_000;
const SOCKET_AGAIN = 60_000;
const RETRY_AFTER = 2_000;

export class Protocol {
  state = "idle";
  #with;
  #hearers = {};
  #followed = new Map();
  #outbox = new Map();
  #asks = new Map();
  #timers = {};
  #attempt;
  #socket;
  #polling = false;
  #posts = Promise.resolve();
  #failures = 0;
  #epoch;
  #beat = 20_000;
  #heard;
  #tab = uuid7(Date.now());
  #spoken;
  #leave;

  constructor(options) {
    this.#with = {
      resume: "resume",
      headers: () => ({}),
      storage: storage(),
      locks: navigator.locks,
      clock: { now: () => Date.now(), after: (wait, what) => setTimeout(what, wait), cancel: (timer) => clearTimeout(timer) },
      open: (address, protocols) => new WebSocket(address, protocols),
      fetch: (address, init) => fetch(address, init),
      ...options,
    };
    for (const kind of ["online", "visibilitychange"]) addEventListener(kind, this.nudge);
  }

  /** Calls `hear` for every event of this kind; returns how to stop. */
  on(kind, hear) {
    const hearers = (this.#hearers[kind] ??= new Set());
    hearers.add(hear);
    return () => hearers.delete(hear);
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
    this.#polling = false;
    this.#failures = 0;
    this.#change("idle");
  }

  /** Tries again now instead of later. */
  nudge = () => {
    if (this.state === "waiting") this.#connect();
  };

  /** Hears a conversation from after the given number on. */
  follow(conversation, after = 0) {
    if (this.#followed.has(conversation)) return;
    this.#followed.set(conversation, { last: after, held: {} });
    this.#catchUp(conversation);
  }

  unfollow(conversation) {
    if (this.#followed.delete(conversation)) this.tell("unwatch", { conversation });
  }

  /** The number of the last event heard of a conversation. */
  last(conversation) {
    return this.#followed.get(conversation)?.last ?? 0;
  }

  /** Writes a message: kept first, then sent, again and again until acknowledged. Returns its client_id. */
  send(conversation, body, { op = "send", ...fields } = {}) {
    const at = this.#now();
    const entry = { client_id: uuid7(at), op, conversation, body, fields, at, tab: this.#tab };
    this.#move(entry, "sending");
    this.#push(entry);
    return entry.client_id;
  }

  /** Asks for something that has no text to lose (accept, close, …): resolves with the ack, rejects with the error. */
  ask(op, fields) {
    const client_id = uuid7(this.#now());
    return new Promise((resolve, reject) => {
      this.#asks.set(client_id, { again: () => this.tell(op, { ...fields, client_id }), resolve, reject }).get(client_id).again();
    });
  }

  /** Says something that may be lost (typing, read, presence); returns whether it left. */
  tell(op, fields) {
    const frame = { op, ...fields };
    if (this.#polling) this.#posts = this.#posts.then(() => this.#polling && this.#post(frame));
    else if (this.#socket?.readyState !== 1) return false;
    else this.#socket.send(JSON.stringify(frame));
    this.#spoken = this.#now();
    return true;
  }

  /** Sends a refused or stranded message once more; the server still takes it only once. */
  retry(client_id) {
    const entry = this.#outbox.get(client_id);
    entry.error = null;
    this.#move(entry, "sending");
    this.nudge();
    this.#push(entry);
  }

  /** Gives a message up and returns it, so that its text can be written differently. */
  discard(client_id) {
    const entry = this.#outbox.get(client_id);
    this.#outbox.delete(client_id);
    this.#with.storage.removeItem(this.#key(client_id));
    return entry;
  }

  /** What is not yet acknowledged, oldest first. */
  pending(conversation) {
    const all = [...this.#outbox.values()].sort((a, b) => (a.client_id < b.client_id ? -1 : 1));
    return conversation ? all.filter((entry) => entry.conversation === conversation) : all;
  }

  /** Whether something unsent is kept, by this page or by one before it. */
  get owing() {
    return this.#keys().length > 0;
  }

  /** Forgets every unsent message, here and in storage: for signing out. */
  clear() {
    this.#outbox.clear();
    for (const key of this.#keys()) this.#with.storage.removeItem(key);
  }

  #now() {
    return this.#with.clock.now();
  }

  #hear(kind, what) {
    for (const hear of this.#hearers[kind] ?? []) hear(what);
  }

  #change(state) {
    if (state === this.state) return;
    this.state = state;
    this.#hear("state", state);
  }

  /** One timer a purpose; without `what` there is none any more. */
  #later(purpose, wait, what) {
    const { clock } = this.#with;
    clock.cancel(this.#timers[purpose]);
    if (what) this.#timers[purpose] = clock.after(wait, what);
  }

  // The line

  async #connect() {
    const { socket: address, protocols, open } = this.#with;
    const attempt = (this.#attempt = {});
    if (!this.#polling) this.#change("connecting");
    // A handshake that is neither taken nor refused must not hold the line for ever.
    this.#later("connect", ANSWER_WITHIN, () => this.#lost());
    try {
      const offered = await protocols();
      if (attempt !== this.#attempt) return;
      const socket = (this.#socket = open(address, offered));
      socket.onopen = () => this.#greet();
      socket.onmessage = ({ data }) => this.#receive(parse(data));
      socket.onclose = (closed) => this.#lost(closed);
    } catch {
      if (attempt === this.#attempt) this.#lost();
    }
  }

  #greet() {
    this.#later("connect");
    this.#polling = false;
    this.#heard = this.#now();
    for (const conversation of this.#followed.keys()) this.#catchUp(conversation, true);
    if (!this.#followed.size && this.#with.resume === "resume") this.tell("resume", { conversation: null, after: 0 });
    this.#flush();
    this.#look();
  }

  /** While a socket is open: beat, and let go of one that has gone deaf. */
  #look() {
    this.#later("look", LOOK_EVERY, () => {
      const now = this.#now();
      const waiting = this.pending().some(({ sent }) => now - sent > ANSWER_WITHIN);
      if (waiting || now - this.#heard > this.#beat * 2.5) return this.#lost();
      if (now - this.#spoken >= this.#beat) {
        this.tell("beat");
        this.#adopt();
      }
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
    for (const entry of this.pending()) entry.sent = null;
    if (code === 4401) {
      this.#polling = false;
      return this.#change("refused");
    }
    this.#failures += 1;
    const hint = reason.startsWith("retry:") && reason.slice(6) * 1000 * (1 + Math.random() / 4);
    let wait = hint || Math.min(30_000, 500 * 2 ** this.#failures) * (0.5 + Math.random() / 2);
    if (code === 1008) wait += 10_000;
    if (this.#polling) wait = SOCKET_AGAIN;
    else {
      // A restart or a single break is over in a moment and not worth a word; only then is a message called unsent.
      if (this.#failures > 1) for (const entry of this.pending()) this.#move(entry, "failed");
      this.#change("waiting");
    }
    this.#later("connect", wait, () => this.#connect());
    if (this.#polling || this.#failures % 3 === 2) this.#poll();
  }

  // The fall-back: the same frames, one a request

  #poll() {
    this.#posts = this.#posts.then(async () => {
      const frames = [{ op: "beat" }];
      for (const [conversation, { last }] of this.#followed) frames.push({ op: this.#with.resume, conversation, after: last });
      for (const frame of frames) if (this.#socket || this.state === "idle" || !(await this.#post(frame))) return;
      this.#failures = 0;
      if (!this.#polling) {
        this.#polling = true;
        this.#later("connect", SOCKET_AGAIN, () => this.#connect());
        this.#change("polling");
        this.#flush();
      }
      this.#later("look", POLL_EVERY, () => this.#poll());
    });
  }

  async #post(frame) {
    const { fetch: ask, op, headers } = this.#with;
    try {
      const head = { "Content-Type": "application/json", ...(await headers()) };
      const answer = await ask(op, { method: "POST", headers: head, body: JSON.stringify(frame) });
      const { frames, error } = parse(await answer.text());
      if (answer.status === 401) return this.#lost({ code: 4401 });
      if (answer.ok) for (const each of frames) this.#receive(each);
      else if (error && answer.status !== 429) this.#receive({ op: "refused", client_id: frame.client_id, error });
      else throw error;
      return true;
    } catch {
      this.#polling = false;
      this.#lost();
    }
  }

  // What arrives

  #receive(frame) {
    const { op, heads = {} } = frame;
    this.#heard = this.#now();
    if (op === "welcome") this.#welcome(frame);
    if (op === "ack") return this.#settle(frame);
    if (op === "refused") return this.#refuse(frame);
    if (op === "events") return this.#take(frame);
    if (op !== "beat") return this.#hear(op, frame);
    for (const [conversation, { last }] of this.#followed) if (heads[conversation] > last) this.#catchUp(conversation, true);
    // A hidden page's timers may sleep; arriving frames wake it, so it can still show that it is there.
    if (this.#heard - this.#spoken > this.#beat / 2) this.tell("beat");
  }

  #welcome({ epoch, beat }) {
    this.#failures = 0;
    this.#beat = beat * 1000;
    if (!this.#polling) this.#change("open");
    const replaced = this.#epoch && this.#epoch !== epoch;
    this.#epoch = epoch;
    if (!replaced) return;
    const followed = [...this.#followed.keys()];
    this.#followed.clear();
    this.#hear("reset");
    for (const conversation of followed) this.follow(conversation);
  }

  /** Shows what is next, drops what was shown, holds what is too early and asks for what lies between. */
  #take({ conversation, events, last, more }) {
    if (!this.#followed.has(conversation)) {
      if (this.#with.resume === "watch") return;
      this.#followed.set(conversation, { last: 0, held: {} });
    }
    const heard = this.#followed.get(conversation);
    for (const event of events) if (event.seq > heard.last) heard.held[event.seq] = event;
    const fresh = [];
    for (let event; (event = heard.held[heard.last + 1]); fresh.push(event)) delete heard.held[++heard.last];
    for (const { client_id, seq } of fresh) this.#settle({ client_id, conversation, seq });
    if (fresh.length) this.#hear("events", { conversation, events: fresh });
    if (more || last > heard.last) this.#catchUp(conversation);
  }

  /** Asks for what is missing, once for the same gap unless `again`. */
  #catchUp(conversation, again) {
    const heard = this.#followed.get(conversation);
    if (!again && heard.asked === heard.last) return;
    if (this.tell(this.#with.resume, { conversation, after: heard.last })) heard.asked = heard.last;
  }

  // The outbox

  #push({ op, conversation, client_id, body, fields }) {
    const entry = this.#outbox.get(client_id);
    if (!entry) return;
    if (this.tell(op, { conversation, client_id, ...fields, body })) entry.sent = this.#now();
    else if (this.#failures > 1) this.#move(entry, "failed");
  }

  #flush() {
    for (const entry of this.pending()) {
      if (entry.error) continue;
      this.#move(entry, "sending");
      this.#push(entry);
    }
    for (const { again } of this.#asks.values()) again();
    this.#adopt();
  }

  #settle(ack) {
    const { client_id, conversation, seq } = ack;
    this.#asks.get(client_id)?.resolve(ack);
    this.#asks.delete(client_id);
    const entry = this.discard(client_id);
    if (!entry) return;
    Object.assign(entry, { conversation, seq, state: "sent" });
    this.#hear("message", entry);
    if (this.#with.resume === "resume") this.follow(conversation);
  }

  #refuse(frame) {
    const { client_id, error } = frame;
    const entry = this.#outbox.get(client_id);
    const ask = this.#asks.get(client_id);
    if (error.code === "retry") {
      this.#with.clock.after(RETRY_AFTER, () => (entry ? this.#push(entry) : ask?.again()));
    } else if (entry) this.#move(Object.assign(entry, { error, sent: null }), "failed");
    else if (this.#asks.delete(client_id)) ask.reject(error);
    else this.#hear("refused", frame);
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
    this.#hear("message", entry);
  }

  #key(client_id) {
    return `${this.#with.name}.out.${client_id}`;
  }

  #keys() {
    const { storage: kept } = this.#with;
    return Array.from({ length: kept.length }, (_, n) => kept.key(n)).filter((key) => key?.startsWith(this.#key("")));
  }

  /** Takes over what closed tabs left unsent; a living tab sends its own. */
  #adopt() {
    const { locks, storage: kept, name } = this.#with;
    for (const key of this.#keys()) {
      const read = () => parse(kept.getItem(key));
      const { tab } = read();
      const take = (lock) => {
        const entry = read();
        if (!lock || !entry.op || entry.tab !== tab) return;
        entry.tab = this.#tab;
        entry.state = "";
        this.#move(entry, entry.error ? "failed" : "sending");
        if (!entry.error) this.#push(entry);
      };
      if (tab === this.#tab) continue;
      if (locks) locks.request(`${name}.${tab}`, { ifAvailable: true }, take);
      else take(true);
    }
  }
}

/** A time-ordered identifier (UUID version 7), so that sorting by it is sorting by when it was written. */
export function uuid7(now) {
  const random = Array.from(crypto.getRandomValues(new Uint8Array(18)), (byte) => (byte % 16).toString(16)).join("");
  const digits = `${now.toString(16).padStart(12, "0")}7${random.slice(0, 3)}8${random.slice(3)}`;
  return digits.replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** JSON into objects without a prototype: what a host page hung on Object.prototype is not part of a frame. */
export function parse(text) {
  const bare = (_, value) => (value instanceof Object && !Array.isArray(value) ? Object.setPrototypeOf(value, null) : value);
  try {
    return JSON.parse(text, bare) ?? {};
  } catch {
    return {};
  }
}

/** The page's own storage, or where that is forbidden one that keeps nothing. */
export function storage() {
  const nothing = () => null;
  try {
    return localStorage;
  } catch {
    return { length: 0, key: nothing, getItem: nothing, setItem: nothing, removeItem: nothing };
  }
}
