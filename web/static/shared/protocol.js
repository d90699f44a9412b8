/**
 * One line between this window and the server, the same for widget and panel: what is written is kept until the server
 * has it, what was said arrives once and in order, and the line mends itself. Says nothing about how anything looks.
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

const ACK_WITHIN = 15_000;
const POLL_EVERY = 3_000;
const POLL_HIDDEN = 15_000;
const SOCKET_AGAIN = 60_000;

export class Protocol {
  #options;
  #hearers = new Map();
  #followed = new Map();
  #outbox = new Map();
  #asks = new Map();
  #state = "idle";
  #socket = null;
  #timer = null;
  #tick = null;
  #failures = 0;
  #polling = false;
  #posts = Promise.resolve();
  #epoch = null;
  #beat = 20_000;
  #heard = 0;
  #spoken = 0;
  #tab = "";
  #leave = null;

  constructor(options) {
    this.#options = {
      resume: "resume",
      protocols: () => ["chat.v1"],
      headers: () => ({}),
      storage: storage(),
      locks: navigator.locks,
      clock: { now: () => Date.now(), after: (wait, what) => setTimeout(what, wait), cancel: (timer) => clearTimeout(timer) },
      open: (address, protocols) => new WebSocket(address, protocols),
      fetch: (address, init) => fetch(address, init),
      ...options,
    };
  }

  get state() {
    return this.#state;
  }

  /** Calls `hear` for every event of this kind; returns how to stop. */
  on(kind, hear) {
    if (!this.#hearers.has(kind)) this.#hearers.set(kind, new Set());
    this.#hearers.get(kind).add(hear);
    return () => this.#hearers.get(kind).delete(hear);
  }

  /** Opens the line and keeps it open; sends what an earlier page or a closed tab left unsent. */
  start() {
    if (this.#state !== "idle" && this.#state !== "refused") return;
    if (!this.#tab) this.#claim();
    addEventListener("online", this.nudge);
    addEventListener("visibilitychange", this.nudge);
    this.#connect();
  }

  /** Closes the line; what is unsent stays in the outbox. */
  stop() {
    removeEventListener("online", this.nudge);
    removeEventListener("visibilitychange", this.nudge);
    this.#drop(1000);
    this.#later(null);
    this.#leave?.();
    this.#tab = "";
    this.#polling = false;
    this.#failures = 0;
    this.#change("idle");
  }

  /** Tries again now instead of later. */
  nudge = () => {
    if (this.#state === "waiting" && !this.#socket) this.#connect();
  };

  /** Hears a conversation from after the given number on. */
  follow(conversation, after = 0) {
    if (this.#followed.has(conversation)) return;
    this.#followed.set(conversation, { last: after, asked: -1, held: new Map() });
    this.#catchUp(conversation);
  }

  unfollow(conversation) {
    if (this.#followed.delete(conversation) && this.#options.resume === "watch") this.tell("unwatch", { conversation });
  }

  /** The number of the last event heard of a conversation. */
  last(conversation) {
    return this.#followed.get(conversation)?.last ?? 0;
  }

  /** Writes a message: kept first, then sent, again and again until acknowledged. Returns its client_id. */
  send(conversation, body, { op = "send", ...fields } = {}) {
    const now = this.#options.clock.now();
    const entry = { client_id: uuid7(now), op, conversation, body, fields, at: now, state: "sending", tab: this.#tab };
    this.#keep(entry);
    this.#hear("message", entry);
    this.#push(entry);
    return entry.client_id;
  }

  /** Asks for something that has no text to lose (accept, close, …): resolves with the ack, rejects with the error. */
  ask(op, fields) {
    const client_id = uuid7(this.#options.clock.now());
    const frame = { op, ...fields, client_id };
    return new Promise((resolve, reject) => {
      this.#asks.set(client_id, { frame, resolve, reject });
      this.#transmit(frame);
    });
  }

  /** Says something that may be lost (typing, read, presence). */
  tell(op, fields) {
    return this.#transmit({ op, ...fields });
  }

  /** Sends a refused or stranded message once more; the server still takes it only once. */
  retry(client_id) {
    const entry = this.#outbox.get(client_id);
    if (!entry) return;
    entry.error = null;
    this.#moved(entry, "sending");
    this.nudge();
    this.#push(entry);
  }

  /** Gives a message up and returns it, so that its text can be written differently. */
  discard(client_id) {
    const entry = this.#outbox.get(client_id);
    this.#forget(client_id);
    return entry;
  }

  /** What is not yet acknowledged, oldest first. */
  pending(conversation) {
    const all = [...this.#outbox.values()].sort((a, b) => (a.client_id < b.client_id ? -1 : 1));
    return conversation === undefined ? all : all.filter((entry) => entry.conversation === conversation);
  }

  /** Forgets every unsent message, here and in storage: for signing out. */
  clear() {
    this.#outbox.clear();
    for (const key of this.#keys()) this.#options.storage.removeItem(key);
  }

  #hear(kind, what) {
    for (const hear of this.#hearers.get(kind) ?? []) hear(what);
  }

  #change(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.#hear("state", state);
  }

  // The line

  async #connect() {
    const { socket: address, protocols, open } = this.#options;
    this.#later(null);
    if (!this.#polling) this.#change("connecting");
    let socket = (this.#socket = {});
    try {
      const offered = await protocols();
      if (socket !== this.#socket) return;
      socket = this.#socket = open(address, offered);
    } catch {
      if (socket === this.#socket) this.#lost({});
      return;
    }
    socket.onopen = () => {
      if (socket === this.#socket) this.#greet();
    };
    socket.onmessage = ({ data }) => {
      if (socket === this.#socket) this.#receive(parse(data));
    };
    socket.onclose = (closed) => {
      if (socket === this.#socket) this.#lost(closed);
    };
    // A handshake that is neither taken nor refused must not hold the line for ever.
    this.#later(ACK_WITHIN, () => this.#lost({}));
  }

  #greet() {
    this.#later(null);
    this.#polling = false;
    this.#adopt();
    this.#heard = this.#spoken = this.#options.clock.now();
    for (const conversation of this.#followed.keys()) this.#catchUp(conversation, true);
    if (!this.#followed.size && this.#options.resume === "resume") this.tell("resume", { conversation: null, after: 0 });
    this.#flush();
    this.#watch();
  }

  /** While a socket is open: beat, and let go of one that has gone deaf. */
  #watch() {
    const { clock } = this.#options;
    clock.cancel(this.#tick);
    this.#tick = clock.after(5_000, () => {
      const now = clock.now();
      const oldest = Math.min(...this.pending().map((entry) => entry.sent ?? Infinity));
      if (now - this.#heard > this.#beat * 2.5 || now - oldest > ACK_WITHIN) return this.#lost({});
      if (now - this.#spoken >= this.#beat) {
        this.tell("beat");
        this.#adopt();
      }
      this.#watch();
    });
  }

  #drop(code) {
    const socket = this.#socket;
    this.#socket = null;
    this.#options.clock.cancel(this.#tick);
    try {
      socket?.close(code);
    } catch {
      // It was not open yet; it is not ours any more either.
    }
  }

  #lost({ code, reason = "" }) {
    this.#drop(1000);
    for (const entry of this.#outbox.values()) entry.sent = undefined;
    if (code === 4401) return this.#change("refused");
    this.#failures += 1;
    if (this.#polling) {
      this.#later(SOCKET_AGAIN, () => this.#connect());
      return this.#poll();
    }
    const hint = /^retry:(\d+(?:\.\d+)?)/.exec(reason);
    const random = Math.random();
    // A restart or a single break is over in a moment and not worth a word; only then is a message called unsent.
    if (this.#failures > 1) this.#strand();
    this.#change("waiting");
    if (this.#failures % 3 === 2) return this.#poll();
    const wait = hint ? hint[1] * 1000 * (1 + random / 4) : Math.min(30_000, 500 * 2 ** this.#failures) * (0.5 + random / 2);
    this.#later(code === 1008 ? Math.max(wait, 10_000) : wait, () => this.#connect());
  }

  #later(wait, what) {
    this.#options.clock.cancel(this.#timer);
    this.#timer = what ? this.#options.clock.after(wait, what) : null;
  }

  // The fall-back: the same frames, one a request

  #poll() {
    this.#posts = this.#posts.then(async () => {
      if (this.#state === "idle") return;
      const { resume } = this.#options;
      const frames = [...this.#followed].map(([conversation, { last }]) => ({ op: resume, conversation, after: last }));
      for (const frame of [{ op: "beat" }, ...frames]) if (!(await this.#post(frame))) return;
      this.#failures = 0;
      if (!this.#polling) {
        this.#polling = true;
        this.#change("polling");
        this.#flush();
        this.#later(SOCKET_AGAIN, () => this.#connect());
      }
      this.#options.clock.cancel(this.#tick);
      this.#tick = this.#options.clock.after(document.hidden ? POLL_HIDDEN : POLL_EVERY, () => this.#polling && this.#poll());
    });
  }

  async #post(frame) {
    this.#spoken = this.#options.clock.now();
    try {
      const headers = { "Content-Type": "application/json", ...(await this.#options.headers()) };
      const answer = await this.#options.fetch(this.#options.op, { method: "POST", headers, body: JSON.stringify(frame) });
      const { frames, error } = parse(await answer.text());
      if (answer.status === 401) {
        this.#polling = false;
        return this.#lost({ code: 4401 });
      }
      if (answer.ok) for (const each of frames) this.#receive(each);
      else if (error && answer.status < 500 && answer.status !== 429) {
        this.#receive({ op: "refused", client_id: frame.client_id ?? null, error });
      } else throw error;
      return true;
    } catch {
      this.#polling = false;
      this.#lost({});
    }
  }

  #transmit(frame) {
    if (this.#polling) {
      this.#posts = this.#posts.then(() => this.#polling && this.#post(frame));
      return true;
    }
    if (this.#socket?.readyState !== 1) return false;
    this.#spoken = this.#options.clock.now();
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  // What arrives

  #receive(frame) {
    this.#heard = this.#options.clock.now();
    const { op } = frame;
    if (op === "welcome") this.#welcome(frame);
    else if (op === "events") this.#take(frame);
    else if (op === "ack") this.#settle(frame);
    else if (op === "refused") this.#refuse(frame);
    else if (op === "beat") this.#compare(frame.heads ?? {});
    else this.#hear(op, frame);
  }

  #welcome(frame) {
    this.#failures = 0;
    this.#beat = (frame.beat || 20) * 1000;
    if (this.#socket?.readyState === 1) {
      this.#polling = false;
      this.#change("open");
    }
    const replaced = this.#epoch !== null && this.#epoch !== frame.epoch;
    this.#epoch = frame.epoch;
    if (replaced) {
      for (const heard of this.#followed.values()) {
        heard.last = 0;
        heard.held.clear();
      }
      this.#hear("reset");
      for (const conversation of this.#followed.keys()) this.#catchUp(conversation, true);
    }
    this.#hear("welcome", frame);
  }

  /** Shows what is next, drops what was shown, holds what is too early and asks for what lies between. */
  #take({ conversation, events, last, more }) {
    let heard = this.#followed.get(conversation);
    if (!heard) {
      if (this.#options.resume === "watch") return;
      this.#followed.set(conversation, (heard = { last: 0, asked: -1, held: new Map() }));
    }
    for (const event of events) if (event.seq > heard.last) heard.held.set(event.seq, event);
    const fresh = [];
    for (let event; (event = heard.held.get(heard.last + 1)); fresh.push(event)) heard.held.delete(++heard.last);
    for (const { client_id, seq, at } of fresh) if (client_id) this.#settle({ client_id, conversation, seq, at });
    if (fresh.length) this.#hear("events", { conversation, events: fresh });
    if (more || last > heard.last || heard.held.size) this.#catchUp(conversation);
  }

  #compare(heads) {
    for (const conversation of Object.keys(heads)) {
      if (heads[conversation] > (this.#followed.get(conversation)?.last ?? Infinity)) this.#catchUp(conversation, true);
    }
    // A hidden page's timers may sleep; arriving frames wake it, so it can still show that it is there.
    if (this.#options.clock.now() - this.#spoken > this.#beat / 2) this.tell("beat");
  }

  #catchUp(conversation, again) {
    const heard = this.#followed.get(conversation);
    if (!again && heard.asked === heard.last) return;
    if (this.tell(this.#options.resume, { conversation, after: heard.last })) heard.asked = heard.last;
  }

  // The outbox

  #push(entry) {
    const { op, conversation, client_id, body, fields } = entry;
    if (this.#transmit({ op, conversation, client_id, ...fields, body })) entry.sent = this.#options.clock.now();
    else if (this.#failures > 1) this.#moved(entry, "failed");
  }

  #flush() {
    for (const entry of this.pending()) {
      if (entry.error) continue;
      if (entry.state !== "sending") this.#moved(entry, "sending");
      this.#push(entry);
    }
    for (const { frame } of this.#asks.values()) this.#transmit(frame);
  }

  #strand() {
    for (const entry of this.pending()) if (entry.state === "sending") this.#moved(entry, "failed");
  }

  #settle(ack) {
    const { client_id, conversation, seq } = ack;
    this.#asks.get(client_id)?.resolve(ack);
    this.#asks.delete(client_id);
    const entry = this.#outbox.get(client_id);
    if (!entry) return;
    this.#forget(client_id);
    Object.assign(entry, { conversation, seq, error: null });
    this.#moved(entry, "sent");
    if (this.#options.resume === "resume") this.follow(conversation);
  }

  #refuse(frame) {
    const { client_id, error } = frame;
    this.#asks.get(client_id)?.reject(error);
    const entry = this.#outbox.get(client_id);
    if (entry) {
      Object.assign(entry, { error, sent: undefined });
      this.#moved(entry, "failed");
    } else if (!this.#asks.delete(client_id)) this.#hear("refused", frame);
  }

  #moved(entry, state) {
    entry.state = state;
    if (this.#outbox.has(entry.client_id)) this.#keep(entry);
    this.#hear("message", entry);
  }

  #keep(entry) {
    this.#outbox.set(entry.client_id, entry);
    try {
      this.#options.storage.setItem(this.#key(entry.client_id), JSON.stringify(entry));
    } catch {
      // Storage is full or forbidden: the message lives as long as this page.
    }
  }

  #forget(client_id) {
    this.#outbox.delete(client_id);
    this.#options.storage.removeItem(this.#key(client_id));
  }

  #key(client_id) {
    return `${this.#options.name}.out.${client_id}`;
  }

  #keys() {
    const { storage: kept } = this.#options;
    return Array.from({ length: kept.length }, (_, n) => kept.key(n)).filter((key) => key?.startsWith(this.#key("")));
  }

  /** A tab holds a lock as long as it lives, and sends only what is its own. */
  #claim() {
    const { locks, name, clock } = this.#options;
    const tab = (this.#tab = uuid7(clock.now()));
    for (const entry of this.pending()) this.#keep({ ...entry, tab });
    locks?.request(`${name}.${tab}`, () => new Promise((leave) => (this.#leave = leave)));
    this.#adopt();
  }

  /** Whoever gets the lock of another tab knows that it is gone, and takes over what it left unsent. */
  #adopt() {
    const { locks, storage: kept, name } = this.#options;
    for (const key of this.#keys()) {
      const owner = parse(kept.getItem(key)).tab;
      const take = (lock) => {
        const entry = parse(lock && kept.getItem(key));
        if (!entry.client_id || entry.tab !== owner || this.#outbox.has(entry.client_id)) return;
        this.#keep(Object.assign(entry, { tab: this.#tab, state: entry.error ? "failed" : "sending", sent: undefined }));
        this.#hear("message", entry);
        if (!entry.error) this.#push(entry);
      };
      if (owner === this.#tab) continue;
      if (locks) locks.request(`${name}.${owner}`, { ifAvailable: true }, take);
      else take(true);
    }
  }
}

/** A time-ordered identifier, so that sorting by it is sorting by when it was written. */
export function uuid7(now) {
  const bytes = crypto.getRandomValues(new Uint8Array(10));
  bytes[0] = 0x70 | (bytes[0] & 15);
  bytes[2] = 0x80 | (bytes[2] & 63);
  const hex = now.toString(16).padStart(12, "0") + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** JSON into objects without a prototype: what a host page hung on Object.prototype is not part of a frame. */
export function parse(text) {
  const bare = (value) => Object.assign(Object.create(null), value);
  try {
    const value = JSON.parse(text, (_, part) => (part && typeof part === "object" && !Array.isArray(part) ? bare(part) : part));
    return value ?? bare();
  } catch {
    return bare();
  }
}

/** The page's own storage, or one that lasts as long as the page where that is forbidden. */
export function storage() {
  try {
    localStorage.length;
    return localStorage;
  } catch {
    const kept = new Map();
    return {
      get length() {
        return kept.size;
      },
      key: (n) => [...kept.keys()][n],
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => kept.set(key, value),
      removeItem: (key) => kept.delete(key),
    };
  }
}
