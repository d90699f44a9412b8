/** <conversation-context>: beside the conversation, who the visitor is, where they have been and what happened to it. */
import { h } from "../shared/html.js";
import { link, prose } from "../shared/prose.js";
import { shown } from "./brief.js";
import { Part } from "./part.js";
import { called, drawing, pathOf, standingInWords, time } from "./words.js";

const LABELS = {
  name: "Name",
  email: "E-mail",
  phone: "Phone",
  language: "Language",
  page: "Last page",
  visits: "Visits",
  device: "Device",
  referrer: "Came from",
  channel: "Came through",
  timezone: "Time zone",
};
const DOORS = {
  widget: "The chat of the site",
  rest: "Rasa’s REST channel",
  callback: "Rasa’s callback channel",
  socketio: "Rasa’s Socket.IO channel",
};
const DEVICES = { desktop: "Computer", tablet: "Tablet", mobile: "Phone" };

class ConversationContext extends Part {
  #title;
  #body;

  begin() {
    const close = h(
      "button.button.button--quiet.button--icon",
      { type: "button", "aria-label": "Fold the details away", title: "Fold away" },
      drawing("x"),
    );
    close.addEventListener("click", () => this.dispatchEvent(new CustomEvent("details", { bubbles: true })));
    this.#title = h("h2.context__title", { tabIndex: -1 }, "Details");
    this.#body = h("div.context__body", { tabIndex: 0, role: "region", "aria-label": "Details of the conversation" });
    const why = h("button.button", { type: "button" }, "Why did it say that?");
    why.addEventListener("click", () => this.dispatchEvent(new CustomEvent("explain", { bubbles: true, detail: {} })));
    const foot = h("footer.context__foot", {}, why);
    this.replaceChildren(h("header.context__head", {}, this.#title, close), this.#body, foot);
    this.hear("open queue all brief welcome gone", () => this.#show());
    this.hear("thread", ({ detail }) => detail.conversation === this.desk.open && this.#show());
    this.#show();
  }

  focusTitle() {
    this.#title.focus();
  }

  #show() {
    const { open, line } = this.desk;
    if (!open || line === "refused") {
      const words = open
        ? "You are signed out. The details are here again once you are signed in."
        : "Open a conversation to see who the visitor is, the pages seen and how it went.";
      return this.#place(h("p.context__empty", {}, words));
    }
    const row = this.desk.row(open);
    const thread = this.desk.thread(open);
    this.#place(
      this.#contact(row, thread.brief),
      this.#pages(thread.brief),
      this.#conversation(row, thread),
      ...this.#record(thread.brief?.record),
    );
  }

  /** Redraws what has changed, so that the focus stays in it and what is marked there stays marked. */
  #place(...parts) {
    const stood = [...this.#body.children];
    const focused = this.#body.contains(document.activeElement) ? document.activeElement : null;
    const { href } = focused ?? {};
    parts.forEach((part, at) => {
      if (!stood[at]) this.#body.append(part);
      else if (!stood[at].isEqualNode(part)) stood[at].replaceWith(part);
    });
    for (const part of stood.slice(parts.length)) part.remove();
    if (!focused || focused === document.activeElement) return;
    ([...this.#body.querySelectorAll("a")].find((each) => each.href === href) ?? this.#body).focus();
  }

  /** Only admins are told where the record of the person is exported and erased. */
  #record(record) {
    if (!record) return [];
    const held =
      record.held_since &&
      h(
        "p.context__held",
        {},
        drawing("triangle-alert"),
        h("span", {}, "Legal hold since ", time(record.held_since, this.desk.now()) ?? ""),
      );
    const page = h("a", { href: record.page }, "Export or erase this visitor");
    return [h("section.context__part", {}, h("h3.context__heading", {}, "Record"), ...(held ? [held] : []), page)];
  }

  #contact(row, brief) {
    const known = { ...row?.visitor, ...present(brief?.context), ...present(brief?.contact) };
    const facts = Object.keys(known).filter(
      (key) => shown(known[key]) !== "" && typeof known[key] !== "object",
    );
    facts.sort((one, other) => order(one) - order(other));
    const shows = (key) => (key === "page" ? this.#lastPage(known.page, brief) : words(key, known[key]));
    const list = facts.map((key) => [LABELS[key] ?? wordy(key), shows(key)]);
    const heading = h("h3.context__heading", {}, "Visitor");
    if (!list.length)
      return h(
        "section.context__part",
        {},
        heading,
        h("p.context__empty", {}, `${called(row?.visitor)} has not said who they are. What they tell is kept here.`),
      );
    return h("section.context__part", {}, heading, facts_of(list));
  }

  /** The page of which we know last, and since when: whether they still look at it nobody knows. */
  #lastPage(page, brief) {
    const path = pathOf(page);
    const seen = (brief?.pages ?? []).filter((each) => pathOf(each) === path).toSorted(latestFirst)[0];
    const at = seen && time(seen.at, this.desk.now());
    return at ? h("span", {}, path, ", ", at) : path;
  }

  #pages(brief) {
    const pages = brief?.pages ?? [];
    const now = this.desk.now();
    const heading = h("h3.context__heading", {}, "Pages seen");
    if (!pages.length)
      return h(
        "section.context__part",
        {},
        heading,
        h("p.context__empty", {}, "Pages appear here as the visitor looks at them."),
      );
    const latest = pages.toSorted(latestFirst);
    const items = latest.map((page) =>
      h(
        "li.context__page",
        {},
        h("span.context__page-title", { dir: "auto" }, page.title || pathOf(page)),
        h("span.context__page-path", {}, pathOf(page)),
        time(page.at, now) ?? "",
      ),
    );
    return h("section.context__part", {}, heading, h("ol.context__pages", { role: "list" }, ...items));
  }

  #conversation(row, { events }) {
    const now = this.desk.now();
    const first = events[0];
    const asked = events.findLast((event) => event.kind === "agent_requested");
    const department = this.desk.departmentCalled(row?.department);
    const list = [
      ["Now", standingInWords(this.desk.standing(this.desk.open))],
      ["Department", department],
      ["Began", first && time(first.at, now)],
      ["A person was wanted", asked && time(asked.at, now)],
      ["Number", h("code.context__number", {}, this.desk.open)],
    ].filter(([, value]) => value);
    return h("section.context__part", {}, h("h3.context__heading", {}, "Conversation"), facts_of(list));
  }
}

function facts_of(list) {
  return h(
    "dl.context__facts",
    {},
    ...list.flatMap(([label, value]) => [
      h("dt", {}, label),
      h("dd", { dir: "auto" }, ...(typeof value === "string" ? prose(value) : [value])),
    ]),
  );
}

function latestFirst(one, other) {
  return one.at > other.at ? -1 : 1;
}

function present(known) {
  return Object.fromEntries(Object.entries(known ?? {}).filter(([, value]) => value !== null && value !== ""));
}

function words(key, value) {
  const number = typeof value === "string" && callable(key, value);
  if (number) return link(value, `tel:${number}`);
  if (key === "channel") return DOORS[value] ?? shown(value);
  if (key === "timezone") return shown(value).replaceAll("_", " ");
  if (key === "device") return DEVICES[value] ?? shown(value);
  return key === "language" ? languageOf(value) : shown(value);
}

/**
 * The number to be called, or null: what is asked for as a phone number is kept with its country's code. The "(0)" after
 * such a code is dialled by those only who leave the code out.
 */
function callable(key, value) {
  const number = value.replace(/^(\s*\+.*?)\(\s*0\s*\)/, "$1").replace(/[\s().\/-]/g, "");
  return /^\+\d{6,15}$/.test(number) || (key === "phone" && /^\d{3,15}$/.test(number)) ? number : null;
}

function languageOf(code) {
  try {
    return new Intl.DisplayNames("en", { type: "language" }).of(code);
  } catch {
    return shown(code);
  }
}

function order(key) {
  const at = Object.keys(LABELS).indexOf(key);
  return at < 0 ? 99 : at;
}

function wordy(key) {
  const words = key.replace(/[_.]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

customElements.define("conversation-context", ConversationContext);
