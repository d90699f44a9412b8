// A line to a server that is not there: the test is the clock, the network and the other side.

export class Clock {
  time = 1_700_000_000_000;
  #timers = new Map();
  #next = 1;

  now = () => this.time;

  after = (wait, what) => {
    this.#timers.set(this.#next, { due: this.time + wait, what });
    return this.#next++;
  };

  cancel = (timer) => this.#timers.delete(timer);

  async pass(ms) {
    const until = this.time + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, { due }]) => due <= until).sort((a, b) => a[1].due - b[1].due)[0];
      if (!due) break;
      this.#timers.delete(due[0]);
      this.time = Math.max(this.time, due[1].due);
      due[1].what();
      await settled();
    }
    this.time = until;
    await settled();
  }
}

export class Socket {
  readyState = 0;
  sent = [];

  constructor(address, protocols) {
    Object.assign(this, { address, protocols });
  }

  accept(welcome = { epoch: "e1", beat: 20, conversation: null }) {
    this.readyState = 1;
    this.onopen();
    if (welcome) this.say({ op: "welcome", protocol: 1, ...welcome });
    return this;
  }

  say(frame) {
    this.onmessage({ data: JSON.stringify(frame) });
  }

  /** Says messages of a conversation, the last of which is the head. */
  events(seqs, fields = {}) {
    const events = seqs.map((seq) => ({ seq, kind: "message", body: { text: `number ${seq}` } }));
    this.say({ op: "events", conversation: "c1", events, last: Math.max(0, ...seqs), more: false, ...fields });
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  ops(op) {
    return this.sent.filter((frame) => frame.op === op);
  }

  close() {
    this.readyState = 3;
  }

  fail(code = 1006, reason = "") {
    this.readyState = 3;
    this.onclose({ code, reason });
  }
}

/** Lets everything happen that waits for the present moment only: promises, tasks, locks. */
export async function settled() {
  for (let n = 0; n < 4; n++) {
    await navigator.locks.query();
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/** What a test needs of the tree, fetched while there is a network. */
const { Protocol } = await import("/static/shared/protocol.js");
const { Line } = await import("/static/shared/line.js");

export async function line(options = {}) {
  const clock = options.clock ?? new Clock();
  const world = { clock, sockets: [], shown: [], states: [], messages: [], others: [] };
  world.line = new (options.resume ? Protocol : Line)({
    socket: "wss://chat.test/widget/socket",
    op: "https://chat.test/widget/op",
    name: "test",
    protocols: () => ["chat.v1", "tok.abc"],
    clock,
    open: (address, protocols) => {
      const socket = new Socket(address, protocols);
      world.sockets.push(socket);
      return socket;
    },
    fetch: () => Promise.reject(new TypeError("no network")),
    ...options,
  });
  world.line.hearers = {
    events: ({ events }) => world.shown.push(...events.map(({ seq }) => seq)),
    state: (state) => world.states.push(state),
    message: ({ client_id, state, error }) => world.messages.push({ client_id, state, error }),
    reset: () => world.shown.push("reset"),
  };
  Object.defineProperty(world, "socket", { get: () => world.sockets.at(-1) });
  world.start = async () => {
    world.line.start();
    await settled();
    return world;
  };
  /** Waits for the next attempt to open a socket. */
  world.again = async () => {
    for (const before = world.sockets.length; world.sockets.length === before; ) await clock.pass(100);
    return world.socket;
  };
  /** Lets socket after socket fail until the line goes by request. */
  world.byRequest = async () => {
    while (world.line.state !== "polling") {
      if (world.socket.readyState === 0) world.socket.fail();
      await clock.pass(100);
    }
  };
  world.kept = () => Object.keys(localStorage).filter((key) => key.startsWith("test.out."));
  return world;
}
