/** <conversation-brief>: what an agent should know before the first word; a quiet card above everything that was said. */
import { h } from "../shared/html.js";
import { prose } from "../shared/prose.js";
import { Part } from "./part.js";
import { drawing, exactly, pathOf, time } from "./words.js";

const PAGES = 4;

class ConversationBrief extends Part {
  #conversation = null;

  set conversation(conversation) {
    this.#conversation = conversation;
    this.#draw();
  }

  begin() {
    this.hear("brief", ({ detail }) => detail.conversation === this.#conversation && this.#draw());
  }

  #draw() {
    const brief = this.#conversation && this.desk.thread(this.#conversation).brief;
    if (!this.#conversation) return this.replaceChildren();
    if (!brief) return this.replaceChildren(card(h("p.brief__none", {}, "Fetching what is known.")));
    if (brief.failedToLoad) {
      return this.replaceChildren(
        card(
          h(
            "p.brief__none",
            {},
            this.desk.line === "refused"
              ? "You are signed out. What is known is here again once you are signed in."
              : "What is known could not be fetched. It is tried again when you open the conversation anew.",
          ),
        ),
      );
    }
    const now = this.desk.now();
    const parts = [
      noted(brief.note),
      wanted(brief.wanted, now),
      values(brief.values),
      spoke(brief.trigger),
      failed(brief.failed, now),
      ruled(brief.rules),
      pages(brief.pages),
    ].filter(Boolean);
    this.replaceChildren(
      card(
        ...(parts.length
          ? parts
          : [
              h(
                "p.brief__none",
                {},
                "Nothing is known yet. What the visitor tells the assistant, and the pages seen, will be here.",
              ),
            ]),
      ),
    );
  }
}

function card(...parts) {
  return h("section.brief", { "aria-label": "Brief" }, h("h3.brief__title", {}, "What is known"), ...parts);
}

function values(list) {
  if (!list?.length) return null;
  return h(
    "dl.brief__values",
    {},
    ...list.flatMap(({ label, value, source }) => [
      h("dt", {}, label),
      h(
        "dd",
        {},
        h("span.brief__value", { dir: "auto" }, ...prose(shown(value))),
        source ? h("span.brief__source", {}, shown(source)) : "",
      ),
    ]),
  );
}

/** What the flow tells whoever takes over. */
function noted(note) {
  return note ? h("p.brief__note", { dir: "auto" }, ...prose(shown(note))) : null;
}

/** Why a person is wanted. */
function wanted(wish, now) {
  return wish ? h("p.brief__wanted", {}, shown(wish.why), " ", h("span.brief__source", {}, time(wish.at, now))) : null;
}

/** Which trigger spoke first, what it said, and why it did. */
function spoke(trigger) {
  if (!trigger) return null;
  return h(
    "div.brief__part",
    {},
    heading("zap", `Spoken to first by “${shown(trigger.title)}”`),
    trigger.said ? h("p.brief__said", {}, h("q", { dir: "auto" }, ...prose(shown(trigger.said)))) : "",
    trigger.why.length ? h("p.brief__more", {}, `Because: ${trigger.why.join(" · ")}`) : "",
  );
}

function failed(list, now) {
  if (!list?.length) return null;
  const items = list.map(({ at, text, step }) => {
    const where = [step && `at ${step}`, at && time(at, now)]
      .filter(Boolean)
      .flatMap((part, n) => (n ? [", ", part] : [part]));
    return h("li", {}, h("q", { dir: "auto" }, ...prose(shown(text))), " ", h("span.brief__source", {}, ...where));
  });
  return h(
    "div.brief__part",
    {},
    heading("triangle-alert", "The assistant did not understand"),
    h("ul.brief__failed", { role: "list" }, ...items),
  );
}

/** Which rules acted on what was written, what they did and why. */
function ruled(list) {
  if (!list?.length) return null;
  const items = list.map(({ rule, did, why }) =>
    h("li", {}, `${rule} ${did.join(", ")}`, " ", h("span.brief__source", {}, shown(why))),
  );
  return h(
    "div.brief__part",
    {},
    heading("list-filter", items.length === 1 ? "1 rule acted" : `${items.length} times a rule acted`),
    h("ul.brief__failed", { role: "list" }, ...items),
  );
}

/** The way through the site, oldest first, its end in full. */
function pages(list) {
  if (!list?.length) return null;
  const way = list.toSorted((one, other) => (one.at < other.at ? -1 : 1));
  const last = way
    .slice(-PAGES)
    .map((page) =>
      h("span", { title: [pathOf(page), exactly(page.at)].filter(Boolean).join("\n") }, page.title || pathOf(page)),
    );
  return h(
    "div.brief__part",
    {},
    heading("route", way.length === 1 ? "1 page seen" : `${way.length} pages seen`),
    h(
      "p.brief__more",
      {},
      way.length > PAGES ? "… › " : "",
      ...last.flatMap((page, n) => (n ? [" › ", page] : [page])),
    ),
  );
}

function heading(name, words) {
  return h(`h4.brief__heading.brief__heading--${name}`, {}, drawing(name), h("span", {}, words));
}

/** A value as a person would write it. */
export function shown(value) {
  if (value === true) return "yes";
  if (value === false) return "no";
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(shown).join(", ");
  if (typeof value !== "object") return String(value);
  const lines = Object.entries(value).map(([name, each]) => `${name.replaceAll("_", " ")}: ${shown(each)}`);
  return lines.join("\n");
}

customElements.define("conversation-brief", ConversationBrief);
