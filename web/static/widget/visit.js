/**
 * A visit as far as its browser knows it: which page, how long in sight, how far down, the how-manieth.
 * Only time in sight counts. A visit ends after 30 quiet minutes and is the same in all tabs.
 */

const KEY = "parlour.visit";
const ENDS_AFTER = 1_800_000;
const NOTED_EVERY = 15_000;
const SETTLES_IN = 300;
const MOVES = ["pointerdown", "keydown", "scroll", "popstate", "visibilitychange"];
const CAMPAIGN = ["source", "medium", "campaign", "term", "content"];

const short = (text) => text.slice(0, 500);

/** What pages are compared by: the twin of `page_path` in rules/facts.py, for what comes after the host. */
export const pagePath = (path) => {
  path = path.replace(/[?#].*/s, "");
  try {
    path = decodeURIComponent(path);
  } catch {
    // Not encoded as it should be, so it is compared as it stands.
  }
  return short(path.replace(/\/+$/, "") || "/");
};

export class Visit {
  /** Whether this tab is the one that may speak. */
  leads = false;
  #changed;
  #window;
  #storage;
  #clock;
  /** What all tabs share. */
  #visit = {};
  #page;
  #href;
  #previous;
  #depth;
  /** Milliseconds in sight until it was last hidden, and at the beginning of this page; since when it is in sight. */
  #sum = 0;
  #start;
  #since;
  /** Seconds of this visit before this page. */
  #before;
  #turn;
  #timer;
  #settling;

  /**
   * `changed(what)` is called with "page" when another page or another visit has begun, and with "facts" when
   * something else may have changed. `clock`: now() in milliseconds, after(milliseconds, what), cancel(timer).
   */
  constructor(changed, { window, storage, clock }) {
    this.#changed = changed;
    this.#window = window;
    this.#storage = storage;
    this.#clock = clock;
    this.#arrive();
    const look = () => this.#look();
    for (const kind of MOVES) window.addEventListener(kind, look, { capture: true, passive: true });
    // Says when a script changes the address; in browsers that do not have it, the next movement shows.
    window.navigation?.addEventListener("currententrychange", look);
    clock.after(0, look);
  }

  /** Seconds for which this document has been in sight. */
  get seconds() {
    return (this.#sum + (this.#since ? this.#clock.now() - this.#since : 0)) / 1000;
  }

  /** Everything this browser knows; of what an address holds, what is not listed is absent. */
  facts() {
    const { location, document, matchMedia, screen } = this.#window;
    const { visits, pages, landing, referrer, campaign } = this.#visit;
    const onPage = this.#onPage();
    const facts = {
      page: this.#page,
      "page.path": this.#page,
      "page.url": short(location.href),
      "page.title": short(document.title),
      previous_page: this.#previous,
      landing_page: landing,
      time_on_page: onPage,
      time_on_site: this.#before + onPage,
      scroll: this.#depth,
      pages_viewed: pages,
      visits,
      returning: visits > 1,
      referrer,
      device: !matchMedia("(pointer: coarse)").matches ? "desktop" : Math.min(screen.width, screen.height) < 600 ? "mobile" : "tablet",
    };
    CAMPAIGN.forEach((part, at) => (facts[`utm.${part}`] = campaign[at]));
    for (const [name, value] of [...new URLSearchParams(location.search)].slice(0, 20)) facts[short(`page.query.${name}`)] ??= short(value);
    return facts;
  }

  /** The same as `POST /widget/view` takes it. */
  view() {
    const { document, navigator } = this.#window;
    const { page, landing_page, previous_page, referrer, device, visits, returning, ...facts } = this.facts();
    // A page in German is read by somebody who reads German.
    const languages = [document.documentElement.lang, ...navigator.languages, "en"].filter(Boolean).slice(0, 9);
    return {
      page: { url: facts["page.url"], path: page, title: facts["page.title"], referrer: referrer ?? "" },
      ...{ landing_page, previous_page, language: languages[0], languages, device, visits, returning },
      visit_started: Math.round(this.#visit.began / 1000),
    };
  }

  /** Says "facts" after so many more seconds in sight; only the last wish counts. */
  wake(seconds) {
    this.#clock.cancel(this.#timer);
    if (this.#since && seconds < Infinity) this.#timer = this.#clock.after(seconds * 1000, () => this.#changed("facts"));
  }

  #onPage() {
    return Math.floor(this.seconds - this.#start / 1000);
  }

  /** Reads what all tabs share, changes it, and writes it back. */
  #share(changes) {
    const storage = this.#storage;
    try {
      this.#visit = { ...this.#visit, ...JSON.parse(storage.getItem(KEY)) };
    } catch {
      // Not ours: it is written over.
    }
    Object.assign(this.#visit, changes?.(this.#visit));
    try {
      if (changes) storage.setItem(KEY, JSON.stringify(this.#visit));
    } catch {
      // No room: then every tab knows what it has seen itself.
    }
    return this.#visit;
  }

  /** A page begins, and perhaps a visit with it. */
  #arrive() {
    const { location, document } = this.#window;
    const now = this.#clock.now();
    const parameters = new URLSearchParams(location.search);
    const from = document.referrer;
    this.#page = pagePath(location.pathname);
    this.#share(({ visits = 0, pages, last, page }) => {
      const goesOn = now - last < ENDS_AFTER;
      this.#previous = goesOn ? page : null;
      const begins = {
        visits: visits + 1,
        began: now,
        seconds: 0,
        landing: this.#page,
        // Nobody comes from the page they are on.
        referrer: from.startsWith(location.origin) ? null : short(from) || null,
        campaign: CAMPAIGN.map((part) => parameters.get(`utm_${part}`)),
      };
      return { ...(goesOn ? {} : begins), pages: goesOn ? pages + 1 : 1, page: this.#page, last: now };
    });
    this.#href = location.href;
    this.#depth = 0;
    this.#start = this.seconds * 1000;
    this.#before = this.#visit.seconds;
  }

  /** Something moved: is it in sight, still this visit and this page, and how far down is it? */
  #look() {
    const { location, document, innerHeight, scrollY } = this.#window;
    let moved = this.#sight(!document.hidden);
    if (document.hidden) return moved && this.#changed("facts");
    const now = this.#clock.now();
    const { last } = this.#share();
    if (now - last >= ENDS_AFTER || pagePath(location.pathname) !== this.#page) {
      this.#share(() => ({ seconds: this.#before + this.#onPage() }));
      this.#arrive();
      // Titles come after addresses, and some addresses lead on at once.
      this.#clock.cancel(this.#settling);
      this.#settling = this.#clock.after(SETTLES_IN, () => this.#changed("page"));
      moved = true;
    } else if (now - last > NOTED_EVERY) this.#share(() => ({ last: now }));
    const depth = Math.min(100, Math.round((100 * scrollY) / (document.documentElement.scrollHeight - innerHeight))) || 0;
    if (moved || depth > this.#depth || location.href !== this.#href) {
      this.#depth = Math.max(depth, this.#depth);
      this.#href = location.href;
      this.#changed("facts");
    }
  }

  /** Comes in sight or goes out of it; says whether that is news. */
  #sight(inSight) {
    if (inSight === !!this.#since) return false;
    if (inSight) {
      this.#since = this.#clock.now();
      this.#before = Math.max(0, this.#share().seconds - this.#onPage());
      this.#compete();
    } else {
      this.#sum = this.seconds * 1000;
      this.#since = 0;
      this.#share(() => ({ seconds: this.#before + this.#onPage() }));
      this.#clock.cancel(this.#timer);
      this.#turn.abort();
      this.leads = false;
    }
    return true;
  }

  /** One tab in sight speaks, the others are silent until it is hidden or closed. */
  #compete() {
    const { signal } = (this.#turn = new AbortController());
    const { locks } = this.#window.navigator;
    const lead = () =>
      new Promise((resign) => {
        this.leads = true;
        signal.addEventListener("abort", resign);
        this.#changed("facts");
      });
    if (locks) locks.request("parlour.speaks", { signal }, lead).catch(() => {});
    else lead();
  }
}
