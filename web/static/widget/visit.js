/**
 * A visit as far as its browser knows it: which page, how long in sight, how far down, the how-manieth.
 * Only time in sight counts. A visit ends after 30 quiet minutes and is the same in all tabs.
 */

import { parse } from "../shared/line.js";

const KEY = "parlour.visit";
const ENDS_AFTER = 1_800_000;
const NOTED_EVERY = 15_000;
const SETTLES_IN = 300;
const AT_ONCE = 500;
const A_DAY = 86_400_000;
const MOVES = ["pointerdown", "keydown", "scroll", "popstate", "visibilitychange"];
const CAMPAIGN = ["source", "medium", "campaign", "term", "content"];

/** What may be stored: not too long, and without what is no character. */
const short = (text, most = 500) => text.slice(0, most).replace(/[\p{Cs}\0]/gu, "");

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
  #leaving;
  /** From where it is scrolled up, and since when. */
  #top = 0;
  #topAt = 0;
  /** Seconds in sight at the last movement. */
  #moved = 0;
  /** Milliseconds in sight until it was last hidden, and at the beginning of this page; since when it is in sight. */
  #sum = 0;
  #start;
  #since;
  /** Seconds of this visit before this page. */
  #before;
  #turn;
  #leads = false;
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
    const hear = (kind, what) => window.addEventListener(kind, what, { capture: true, passive: true });
    for (const kind of MOVES) hear(kind, look);
    // Back from where the browser kept it whole, a page is looked at once more.
    hear("pageshow", ({ persisted }) => persisted && look((this.#page = null)));
    // A pointer that moves says no more than that somebody is there.
    hear("pointermove", () => this.#idle && look());
    window.document.addEventListener("mouseleave", ({ clientY }) => clientY <= 0 && this.#leave());
    // Says when a script changes the address; in browsers that do not have it, the next movement shows.
    window.navigation?.addEventListener("currententrychange", look);
    clock.after(0, look);
  }

  /** Whether this tab is the one that may speak, and knows on which page: titles come after addresses. */
  get leads() {
    return this.#leads && !this.#settling;
  }

  /** Seconds for which this document has been in sight. */
  get seconds() {
    return (this.#sum + (this.#since ? this.#clock.now() - this.#since : 0)) / 1000;
  }

  /** Everything this browser knows; of what an address holds, what is not listed is absent. */
  facts() {
    const { location, document, screen } = this.#window;
    const { visits, pages, landing, referrer, campaign, days } = this.#visit;
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
      idle: this.#idle,
      scroll: this.#depth,
      exit_intent: this.#leaving,
      pages_viewed: pages,
      visits,
      days_since_last_visit: days,
      returning: visits > 1,
      referrer,
      device: this.pointer ? "desktop" : Math.min(screen.width, screen.height) < 600 ? "mobile" : "tablet",
      timezone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
    };
    CAMPAIGN.forEach((part, at) => (facts[`utm.${part}`] = campaign[at]));
    for (const [name, value] of [...new URLSearchParams(location.search)].slice(0, 20)) facts[short(`page.query.${name}`, 200)] ??= short(value);
    return facts;
  }

  /** As `POST /widget/view` takes it. */
  view() {
    const { document, navigator } = this.#window;
    // A page in German is read by somebody who reads German.
    const languages = [document.documentElement.lang, ...navigator.languages, "en"];
    return { facts: this.facts(), languages: languages.filter(Boolean).slice(0, 9) };
  }

  /** Says "facts" after so many more seconds in sight if the visit goes on until then; only the last wish counts. */
  wake(seconds) {
    this.#clock.cancel(this.#timer);
    if (this.#since && this.#idle + seconds < ENDS_AFTER / 1000) this.#timer = this.#clock.after(seconds * 1000, () => this.#changed("facts"));
  }

  /** Whether there is a pointer that can leave. */
  get pointer() {
    return !this.#window.matchMedia("(pointer: coarse)").matches;
  }

  get #idle() {
    return Math.floor(this.seconds - this.#moved);
  }

  #leave() {
    if (!this.#leaving) this.#changed("facts", (this.#leaving = true));
  }

  #onPage() {
    return Math.floor(this.seconds - this.#start);
  }

  /** Reads what all tabs share, changes it, and writes it back. */
  #share(changes) {
    const storage = this.#storage;
    Object.assign(this.#visit, parse(storage.getItem(KEY)));
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
    const { referrer } = document;
    this.#page = pagePath(location.pathname);
    this.#share(({ visits = 0, pages, last, page }) => {
      const goesOn = now - last < ENDS_AFTER;
      this.#previous = goesOn ? page : null;
      const begins = {
        visits: visits + 1,
        seconds: 0,
        landing: this.#page,
        // Nobody comes from the page they are on.
        referrer: referrer.startsWith(`${location.origin}/`) ? null : short(referrer) || null,
        days: visits ? Math.floor((now - last) / A_DAY) : null,
        campaign: CAMPAIGN.map((part) => parameters.get(`utm_${part}`)),
      };
      return { ...(goesOn ? {} : begins), pages: goesOn ? pages + 1 : 1, page: this.#page, last: now };
    });
    this.#href = location.href;
    this.#depth = this.#top = 0;
    this.#leaving = false;
    this.#start = this.seconds;
    this.#before = this.#visit.seconds;
  }

  /** Something moved: is it in sight, still this visit and this page, and how far down is it? */
  #look() {
    const { location, document, innerHeight, scrollY } = this.#window;
    let moved = this.#sight(!document.hidden);
    if (document.hidden) return moved && this.#changed("facts");
    moved ||= this.#idle;
    this.#moved = this.seconds;
    const now = this.#clock.now();
    const { last } = this.#share();
    if (now - last >= ENDS_AFTER || pagePath(location.pathname) !== this.#page) {
      this.#share(() => ({ seconds: this.#before + this.#onPage() }));
      this.#arrive();
      // Some addresses lead on at once.
      this.#clock.cancel(this.#settling);
      this.#settling = this.#clock.after(SETTLES_IN, () => this.#changed("page", (this.#settling = 0)));
      moved = true;
    } else if (now - last > NOTED_EVERY) this.#share(() => ({ last: now }));
    // Nothing leaves a phone through the top; who goes up by a screen at once may want what is there. Not so at the very
    // beginning of a page: scripts that change the address scroll as well.
    if (scrollY >= this.#top || now - this.#topAt > AT_ONCE) [this.#top, this.#topAt] = [scrollY, now];
    else if (!this.pointer && this.#onPage() && this.#top - scrollY > innerHeight) this.#leave();
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
      this.#leads = false;
    }
    return true;
  }

  /** One tab in sight speaks, the others are silent until it is hidden or closed. */
  #compete() {
    const { signal } = (this.#turn = new AbortController());
    const { locks } = this.#window.navigator;
    const lead = () =>
      new Promise((resign) => {
        this.#leads = true;
        signal.addEventListener("abort", resign);
        this.#changed("facts");
      });
    if (locks) locks.request("parlour.speaks", { signal }, lead).catch(() => {});
    else lead();
  }
}
