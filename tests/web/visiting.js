// A browser that is not there: the test is its clock, its pages and its visitor.
import { Visit } from "/static/widget/visit.js";
import { Clock } from "./line.js";

class Paper {
  handlers = {};
  hidden = false;
  title = "Shop";

  constructor(parts) {
    Object.assign(this, parts);
  }

  addEventListener(kind, what) {
    (this.handlers[kind] ??= []).push(what);
  }

  fire(kind, event) {
    for (const what of this.handlers[kind] ?? []) what(event);
  }
}

export class Tab {
  handlers = {};
  navigation = { addEventListener: (kind, what) => this.on(kind, what) };
  screen = { width: 1280, height: 800 };
  innerHeight = 800;
  scrollY = 0;
  coarse = false;
  said = [];

  constructor(world, { referrer = "", lang = "", locks } = {}) {
    this.world = world;
    this.navigator = { languages: ["de-DE", "en"], locks };
    this.document = new Paper({ referrer, documentElement: { lang, scrollHeight: 1800 } });
    this.matchMedia = () => ({ matches: this.coarse });
    this.addEventListener = (kind, what) => this.on(kind, what);
  }

  on(kind, what) {
    (this.handlers[kind] ??= []).push(what);
  }

  /** Loads a page: what ran on the one before is gone. */
  async load(address) {
    const { hidden } = this.document;
    this.hide();
    this.handlers = {};
    this.document.hidden = hidden;
    this.location = new URL(address, "https://shop.test");
    this.visit = new Visit((what) => this.said.push(what), { window: this, storage: this.world.storage, clock: this.world.clock });
    await this.world.pass(0);
    return this;
  }

  /** Changes the address by script, as shops built as one page do. */
  go(address) {
    this.location = new URL(address, this.location);
    this.fire("currententrychange");
  }

  fire(type) {
    for (const what of this.handlers[type] ?? []) what({ type });
  }

  hide(hidden = true) {
    this.document.hidden = hidden;
    this.fire("visibilitychange");
  }

  scroll(top) {
    this.scrollY = top;
    this.fire("scroll");
  }

  get facts() {
    return this.visit.facts();
  }
}

/** One browser with its clock and storage; tabs are opened in it. */
export class World {
  clock = new Clock();
  kept = new Map();
  storage = { getItem: (key) => this.kept.get(key) ?? null, setItem: (key, value) => this.kept.set(key, String(value)) };

  tab(options) {
    return new Tab(this, options);
  }

  pass(seconds) {
    return this.clock.pass(seconds * 1000);
  }
}
