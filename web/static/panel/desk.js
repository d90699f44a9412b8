/**
 * What this agent's window knows of the desk: who waits, what is mine, what was said, and the verbs to change it. Has no
 * idea of the page; everything that shows something listens here.
 *
 * Events (CustomEvent, `detail` in brackets)
 *   welcome  who I am, departments, trouble with the content      queue    waiting and mine changed
 *   offers   an offer came, ran out or was answered               all      the list of everything changed
 *   thread   {conversation, fresh}  something was said there       typing   {conversation}
 *   brief    {conversation}                                        message  {entry}  one of my own moved on
 *   line     the state of the connection                           open     {conversation}  another one is looked at
 *   ending   {conversation}  it was asked to end, or does not end
 *   gone     {conversation}  it is with others now
 *   intent   my presence                                           notice   {text}  something to tell once
 *   signed-out                                                  tick     a second has gone by
 */
import { Protocol, RETRY_AFTER } from "../shared/protocol.js";
import { Drafts } from "./drafts.js";
import { nextInLine, oldestUnanswered } from "./order.js";
import { CHANGES_BRIEF, MOVES, Thread } from "./thread.js";

const TYPING_FADES = 8_000;
/** How long after its time the word that an offer is over may be on its way. */
const OFFER_LINGERS = 3_000;
/** How long after an offer a list may come that was made before it. */
const LISTS_LAG = 2_000;
/** How long an offer lasts of which no end is known, once the line is broken: what departments say unless they say otherwise. */
const OFFER_LASTS = 30_000;
const QUIETLY = 400;
/** How long after the first word of it a sign-out in another window may reach this one. */
const LEAVES_WITHIN = 5_000;
const SIGNED_OUT = "You are signed out. Sign in again first.";

export class Desk extends EventTarget {
  agent = null;
  departments = [];
  problem = null;
  waiting = [];
  /** Whether more waits than `waiting` has room for. */
  moreWait = false;
  mine = [];
  offers = new Map();
  all = { rows: [], further: null, more: false, state: "empty" };
  open = null;
  heard = false;
  drafts;
  /** Whether somebody signed out in another window of this browser: what was written here is not kept any more. */
  left = false;

  #line;
  #csrf;
  #signIn;
  #threads = new Map();
  #wish = null;
  #reload = null;
  #rewish = null;
  #ahead = 0;
  /** When each offer was heard of. */
  #offeredAt = new Map();
  /** When the line was last seen to hold. */
  #heldAt = Date.now();
  #over = false;
  /** When somebody began to sign out in another window of this browser; 0 when nobody did, or it failed. */
  #leftAt = 0;
  #windows = new BroadcastChannel("parlour.panel.leaving");
  #unkept = [];

  constructor({ agent, csrf, signIn, line } = {}) {
    super();
    this.drafts = new Drafts(agent);
    this.#csrf = csrf;
    this.#signIn = signIn;
    this.#line = line ?? this.#connection(agent);
    this.#line.hearers = {
      welcome: this.#welcome,
      queue: this.#queue,
      offer: this.#offered,
      offer_over: this.#offerOver,
      events: this.#events,
      gone: this.#gone,
      typing: this.#typing,
      read: this.#read,
      content: this.#content,
      reset: this.#reset,
      state: this.#moved,
      message: this.#message,
      refused: this.#refused,
    };
    this.#windows.onmessage = () => {
      this.#leftAt = Date.now();
      if (this.#over) this.#signOut();
    };
  }

  /** Opens the line, and lets what counts seconds count. */
  start() {
    this.#line.start();
    setInterval(() => this.#tick(), 1000);
  }

  /** The server's clock, as far as it is known: this computer's may be minutes off, and people's waiting is shown by it. */
  now() {
    return Date.now() + this.#ahead;
  }

  get line() {
    return this.left || this.#over ? "refused" : this.#line.state;
  }

  get intent() {
    return this.#wish ?? this.agent?.intent ?? "offline";
  }

  /** What this agent is being asked to take, the next in line first. */
  get offered() {
    const listed = this.waiting.filter((row) => row.offered || this.offers.has(row.id)).map((row) => row.id);
    return [...new Set([...listed, ...this.offers.keys()])];
  }

  thread(conversation) {
    if (!this.#threads.has(conversation)) this.#threads.set(conversation, new Thread());
    return this.#threads.get(conversation);
  }

  /** The row of a conversation wherever it stands, or undefined when no list has it. */
  row(conversation) {
    const here = (row) => row.id === conversation;
    return (
      this.mine.find(here) ??
      this.waiting.find(here) ??
      this.all.rows.find(here) ??
      this.#threads.get(conversation)?.row
    );
  }

  /** Who a visitor is, as far as anything tells: the row of the conversation, else what its brief knows. */
  visitor(conversation) {
    const visitor = this.row(conversation)?.visitor;
    return visitor?.name || visitor?.email ? visitor : this.#threads.get(conversation)?.brief?.contact;
  }

  /** Who has a conversation: "me", "agent" (and whom that is), "waiting", "left", "bot", "closed", or "gone" to others. */
  standing(conversation) {
    if (conversation === this.open && this.thread(conversation).gone) return { holder: "gone" };
    const { holder, owner, left } = this.#asOfNow(this.row(conversation) ?? { id: conversation, last_seq: 0 });
    if (holder === "agent") return owner.id === this.agent?.id ? { holder: "me" } : { holder, name: owner.name };
    if (holder === "nobody") return { holder: "closed" };
    if (holder === "queue") return { holder: "waiting" };
    return { holder: left ? "left" : "bot" };
  }

  /** What is looked at is heard event by event; the lists follow a moment later. */
  #asOfNow(row) {
    return row.id === this.open ? this.thread(row.id).asOfNow(row) : row;
  }

  /** How agents call a department, whatever it is called where the visitor is. */
  departmentCalled(id) {
    return this.departments.find((department) => department.id === id)?.title ?? id;
  }

  /** Whether this agent did what an event says, or it is about them: nobody but the system says of an offer what became of it. */
  isMine({ actor, body }) {
    return actor === `agent:${this.agent?.id}` || (actor === "system" && body.agent === this.agent?.id);
  }

  /** Looks at a conversation (or at none) and hears what is said there from now on. */
  look(conversation) {
    if (this.open === conversation) return;
    if (this.open) this.#line.unfollow(this.open);
    this.open = conversation;
    if (conversation) {
      this.thread(conversation).gone = false;
      this.#keep(conversation);
      this.#line.follow(conversation, this.thread(conversation).events.at(-1)?.seq ?? 0);
      this.#fetchBrief(conversation);
    }
    this.#tell("open", { conversation });
  }

  // Verbs. Those that change who holds a conversation answer with null, or with the sentence why not.

  async accept(conversation) {
    if (this.line === "refused") return SIGNED_OUT;
    try {
      const ack = await this.#line.ask("accept", { conversation });
      this.thread(conversation).token = ack.seq;
      this.#dropOffer(conversation);
      this.#claim(conversation);
      this.#keep(conversation);
      return null;
    } catch (error) {
      this.#dropOffer(conversation);
      return error.message || "That did not work. Try once more.";
    }
  }

  decline(conversation) {
    this.#line.tell("decline", { conversation });
    this.#dropOffer(conversation);
  }

  giveBack(conversation) {
    return this.#hand("return", conversation);
  }

  close(conversation) {
    return this.#hand("close", conversation);
  }

  reply(conversation, text) {
    return this.#line.send(conversation, { text }, { token: this.#token(conversation) });
  }

  note(conversation, text) {
    return this.#line.send(conversation, { text }, { op: "note" });
  }

  /** Messages of mine the server does not have yet, oldest first. */
  pending(conversation) {
    const unsent = this.#unsent().filter((entry) => entry.conversation === conversation);
    return [...this.thread(conversation).settled.values(), ...unsent];
  }

  /** Sends a refused message once more, by the accept of now: it may have been given back and taken again since. */
  retry(id) {
    const { conversation, fields } = this.#line.pending().find(({ client_id }) => client_id === id);
    if ("token" in fields) fields.token = this.#token(conversation);
    this.#line.retry(id);
  }

  /** Gives an unsent message up and returns its text. */
  takeBack(id) {
    const entry = this.#line.discard(id);
    if (entry) this.#tell("message", { entry: { ...entry, state: "taken back", error: null } });
    return entry?.body.text ?? "";
  }

  typing(conversation, on) {
    this.#line.tell("typing", { conversation, on });
  }

  /** Marks everything heard so far as read. */
  read(conversation) {
    const last = this.#line.last(conversation);
    const thread = this.thread(conversation);
    if (!last || last === thread.read || !this.#line.tell("read", { conversation, seq: last })) return;
    thread.read = last;
    if (!this.row(conversation)?.unread) return;
    this.waiting = this.waiting.map(this.#asRead);
    this.mine = this.mine.map(this.#asRead);
    this.#tell("queue");
  }

  setIntent(intent) {
    this.#wish = intent;
    this.#line.tell("presence", { intent });
    this.#tell("intent");
  }

  tryAgain() {
    this.#line.nudge();
  }

  /** Forgets what this browser keeps of the desk, and lets its other windows do the same: for signing out. */
  forget() {
    this.#windows.postMessage(null);
    this.#clear();
  }

  /** Prepared answers, their gaps filled for this conversation; null when they cannot be had. */
  async responses(conversation) {
    const thread = this.thread(conversation);
    thread.responses ??= this.#get(`/panel/responses?conversation=${encodeURIComponent(conversation)}`);
    try {
      return await thread.responses;
    } catch {
      thread.responses = null;
      return null;
    }
  }

  /** What happened in a conversation and why, the oldest first; null when it cannot be had. */
  async explanation(conversation) {
    const address = `/panel/conversations/${encodeURIComponent(conversation)}/explanation`;
    const happenings = [];
    try {
      for (let after = 0, more = true; more; ) {
        const page = await this.#get(`${address}?after=${after}`);
        happenings.push(...page.happenings);
        ({ after, more } = page);
      }
      return happenings;
    } catch {
      return null;
    }
  }

  /** Brings the list of everything up to date, or adds its next page. */
  async loadAll({ more = false } = {}) {
    const { further } = this.all;
    const after = more && further ? `?${new URLSearchParams(further)}` : "";
    if (this.all.state === "empty") this.all.state = "loading";
    try {
      const answer = await this.#get(`/panel/conversations${after}`);
      const page = answer.conversations;
      const known = new Set(page.map((row) => row.id));
      const others = this.all.rows.filter((row) => !known.has(row.id));
      // A fresh first page replaces the first page only: older ones that were asked for stay.
      const older = more ? [] : others.filter((row) => answer.further && row.last_at <= answer.further.before);
      const next = older.length ? further : answer.further;
      this.all = {
        rows: more ? [...others, ...page] : [...page, ...older],
        further: next,
        more: Boolean(next),
        state: "here",
      };
    } catch {
      this.all = { ...this.all, state: "failed" };
    }
    this.#tell("all");
  }

  // What arrives

  #welcome = ({ agent, departments, content }) => {
    this.agent = agent;
    this.departments = departments;
    this.problem = content.problem;
    if (this.#wish === agent.intent) this.#wish = null;
    this.#wishAgain();
    this.#tell("welcome");
    this.#tell("intent");
  };

  #content = ({ problem }) => {
    this.problem = problem;
    this.#tell("welcome");
  };

  #queue = ({ intent, waiting, more, mine }) => {
    this.waiting = waiting.map(this.#asRead).toSorted(nextInLine);
    this.moreWait = Boolean(more);
    this.mine = mine.map(this.#asRead).toSorted(oldestUnanswered);
    this.heard = true;
    this.#isServed();
    this.#isNow(intent);
    if (this.open) this.#keep(this.open);
    for (const conversation of [...this.offers.keys()]) if (this.#isWithdrawn(conversation)) this.#dropOffer(conversation);
    this.#tell("queue");
    // The list of everything is asked for, not pushed; a busy desk must not turn that into a flood.
    if (this.all.state !== "empty") {
      clearTimeout(this.#reload);
      this.#reload = setTimeout(() => this.loadAll(), QUIETLY);
    }
  };

  /** Whether the lists say that an offer is over: what said so on its way may be lost. */
  #isWithdrawn(conversation) {
    const row = this.waiting.find(({ id }) => id === conversation);
    return !row || (!row.offered && Date.now() - this.#offeredAt.get(conversation) > LISTS_LAG);
  }

  /** Presence is the agent's: what another window or device of theirs says is true here as well. */
  #isNow(intent) {
    if (this.agent.intent === intent) return;
    this.agent = { ...this.agent, intent };
    this.#tell("intent");
  }

  /** What was read here while the list was on its way is read. */
  #asRead = (row) => (row.unread && this.#threads.get(row.id)?.read >= row.said?.seq ? { ...row, unread: 0 } : row);

  /** What is looked at belongs to others now, or to nobody any more. */
  #gone = ({ conversation }) => {
    this.thread(conversation).gone = true;
    this.#tell("gone", { conversation });
  };

  #offered = ({ conversation, until }) => {
    this.offers.set(conversation, Date.parse(until));
    this.#offeredAt.set(conversation, Date.now());
    this.#tell("offers", { conversation });
  };

  #offerOver = ({ conversation }) => this.#dropOffer(conversation);

  #events = ({ conversation, events }) => {
    const thread = this.thread(conversation);
    thread.gone = false;
    thread.events.push(...events);
    for (const { client_id } of events) thread.settled.delete(client_id);
    if (events.some((event) => event.kind === "message" && event.from.role === "visitor")) thread.typing = null;
    for (const event of events) {
      if (event.kind === "accepted") thread.token = event.seq;
      if (event.kind in MOVES) thread.ending = null;
      if (event.kind in MOVES || CHANGES_BRIEF.has(event.kind)) thread.responses = null;
    }
    if (thread.brief && events.some((event) => CHANGES_BRIEF.has(event.kind))) {
      clearTimeout(thread.refetch);
      thread.refetch = setTimeout(() => this.#fetchBrief(conversation), QUIETLY);
    }
    this.#tell("thread", { conversation, fresh: events });
  };

  #typing = ({ conversation, who, on, text }) => {
    if (who !== "visitor") return;
    const thread = this.thread(conversation);
    clearTimeout(thread.fades);
    thread.typing = on ? { text: text ?? "" } : null;
    if (on) thread.fades = setTimeout(() => this.#typing({ conversation, who, on: false }), TYPING_FADES);
    this.#tell("typing", { conversation });
  };

  #read = ({ conversation, who, seq }) => {
    if (who !== "visitor") return;
    const thread = this.thread(conversation);
    thread.readByVisitor = Math.max(thread.readByVisitor, seq);
    this.#tell("thread", { conversation, fresh: [] });
  };

  #reset = () => {
    this.#threads.clear();
    if (this.open) this.#fetchBrief(this.open);
    this.#tell("thread", { conversation: this.open, fresh: [] });
  };

  #moved = (state) => {
    if (state === "refused") this.#signOut();
    this.#tell("line");
  };

  #message = (entry) => {
    const { events, settled } = this.thread(entry.conversation);
    if (entry.state === "sent" && !events.some((event) => event.client_id === entry.client_id))
      settled.set(entry.client_id, entry);
    this.#tell("message", { entry });
  };

  // Inner matters

  #unsent() {
    return [...this.#line.pending(), ...this.#unkept];
  }

  /** Counts an accepted conversation as mine at once; the next queue from the server says so too. */
  #claim(conversation) {
    if (this.mine.some((row) => row.id === conversation)) return;
    const owner = { id: this.agent?.id, name: this.agent?.name };
    this.mine = [
      ...this.mine,
      { ...(this.row(conversation) ?? { id: conversation, last_seq: 0 }), holder: "agent", owner, left: false },
    ].toSorted(oldestUnanswered);
    this.waiting = this.waiting.filter((row) => row.id !== conversation);
    this.#tell("queue");
  }

  /** One that leaves all lists is still looked at, and somebody's name and page should not go with it. */
  #keep(conversation) {
    this.thread(conversation).row = this.row(conversation);
  }

  /**
   * Nobody is signed in here any more. What was written waits in the browser for when they are again; unless they left it
   * on purpose, in whichever window: then this page alone still has it, to be copied.
   */
  #signOut() {
    this.#over = true;
    this.#line.stop();
    for (const [conversation, thread] of this.#threads) {
      if (thread.ending === null) continue;
      thread.ending = null;
      this.#tell("ending", { conversation });
    }
    if (this.#leftAt && !this.left) {
      this.left = true;
      this.#unkept = this.#line.pending().map((entry) => ({ ...entry, state: "failed" }));
      this.#clear();
    }
    this.#leaveOnlyUnsent();
    this.#tell("signed-out");
  }

  /**
   * What visitors said and who they are is for those who are signed in. What is not sent, or is looked at, keeps a row, so
   * that it is found again: who has it, and the agent's own words.
   */
  #leaveOnlyUnsent() {
    clearTimeout(this.#reload);
    const unsent = this.#unsent().map(({ conversation }) => conversation);
    const kept = new Set([...(this.open ? [this.open] : []), ...unsent, ...this.drafts.conversations()]);
    const rows = [...kept].map((conversation) => this.#bare(conversation));
    const gone = this.open && this.thread(this.open).gone;
    this.#threads.clear();
    if (this.open) Object.assign(this.thread(this.open), { gone, brief: { failedToLoad: true } });
    this.waiting = [];
    this.moreWait = false;
    this.mine = rows;
    this.all = { rows: [], further: null, more: false, state: "empty" };
    this.offers.clear();
    for (const kind of ["queue", "all"]) this.#tell(kind);
    for (const kind of ["offers", "brief"]) this.#tell(kind, { conversation: this.open });
    this.#tell("thread", { conversation: this.open, fresh: [] });
  }

  /** The row of a conversation without anything of its visitor. */
  #bare(conversation) {
    const { holder, owner, left } = this.#asOfNow(this.row(conversation) ?? { id: conversation, last_seq: 0 });
    const text =
      this.drafts.get(conversation, "reply") ||
      this.drafts.get(conversation, "note") ||
      this.#unsent().findLast((entry) => entry.conversation === conversation)?.body.text;
    const last = text && { text, from: "agent", by: { id: this.agent?.id } };
    const token = this.#token(conversation);
    return { id: conversation, holder, owner: owner && { id: owner.id }, left, token, last_seq: 0, last };
  }

  /** Whoever is served long after somebody began to sign out is still signed in. */
  #isServed() {
    if (Date.now() - this.#leftAt > LEAVES_WITHIN) this.#leftAt = 0;
  }

  #clear() {
    this.#line.stop();
    this.#line.clear();
    this.drafts.clear();
  }

  async #hand(op, conversation) {
    if (this.line === "refused") return SIGNED_OUT;
    const thread = this.thread(conversation);
    thread.ending = op;
    this.#tell("ending", { conversation });
    try {
      await this.#line.ask(op, { conversation, token: this.#token(conversation) });
      return null;
    } catch (error) {
      thread.ending = null;
      this.#tell("ending", { conversation });
      return error.message || "That did not work. Try once more.";
    }
  }

  #token(conversation) {
    return this.thread(conversation).token ?? this.row(conversation)?.token ?? 0;
  }

  /** What is wished for is granted once the server says so; until then it may have been lost on the way. */
  #wishAgain() {
    if (this.#wish) this.setIntent(this.#wish);
  }

  #refused = ({ error }) => {
    this.#tell("notice", { text: error.message });
    if (error.code !== "retry") return;
    clearTimeout(this.#rewish);
    this.#rewish = setTimeout(() => this.#wishAgain(), RETRY_AFTER);
  };

  /** An offer that ran out while the line was broken is over, also when nobody says so any more. */
  #tick() {
    for (const [conversation, until] of this.offers)
      if (this.now() > until + OFFER_LINGERS) this.#dropOffer(conversation);
    if (/open|polling/.test(this.line)) this.#heldAt = Date.now();
    if (Date.now() - this.#heldAt > OFFER_LASTS)
      for (const { id, offered } of this.waiting) if (offered && !this.offers.has(id)) this.#dropOffer(id);
    this.#tell("tick");
  }

  #dropOffer(conversation) {
    this.waiting = this.waiting.map((row) => (row.id === conversation ? { ...row, offered: false } : row));
    this.offers.delete(conversation);
    this.#tell("offers", { conversation });
  }

  async #fetchBrief(conversation) {
    const thread = this.thread(conversation);
    try {
      thread.brief = await this.#get(`/panel/conversations/${encodeURIComponent(conversation)}/brief`);
    } catch (error) {
      thread.brief ??= { failedToLoad: true, status: error.status };
    }
    this.#tell("brief", { conversation });
  }

  /** Nothing is had once nobody is signed in here: by now the browser may be another agent's. */
  async #get(address) {
    const here = (value) => {
      if (this.line === "refused") throw new Error(SIGNED_OUT);
      return value;
    };
    here();
    const answer = await fetch(address, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (answer.status === 401) this.#signOut();
    if (!answer.ok) throw Object.assign(new Error(address), { status: answer.status });
    return here(await answer.json());
  }

  /** What one agent leaves unsent in this browser is sent when they are here again, and by nobody else. */
  #connection(agent) {
    const here = new URL("/panel/socket", location.href);
    here.protocol = here.protocol.replace("http", "ws");
    const headers = { "X-CSRFToken": this.#csrf };
    return new Protocol({
      socket: here.href,
      op: "/panel/op",
      name: `parlour.panel.${agent}`,
      resume: "watch",
      headers: () => headers,
      protocols: async () => ["chat.v1", `tic.${await this.#ticket(headers)}`],
    });
  }

  async #ticket(headers) {
    const answer = await fetch("/panel/ticket", { method: "POST", headers, credentials: "same-origin" });
    if (answer.status === 401 || answer.status === 403) this.#signOut();
    if (!answer.ok) throw new Error("no ticket");
    const ahead = Date.parse(answer.headers.get("Date")) - Date.now();
    this.#ahead = Math.abs(ahead) > 2_000 ? ahead : 0;
    return (await answer.json()).ticket;
  }

  #tell(kind, detail = {}) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}
