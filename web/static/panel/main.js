/** Brings the panel to life: one desk, its parts, the address of the page, and the keys. */
import { h } from "../shared/html.js";
import { Desk } from "./desk.js";
import "./alert.js";
import "./context.js";
import "./conversation.js";
import "./drawings.js";
import "./explanation.js";
import { composes } from "./keys.js";
import "./notice.js";
import "./presence.js";
import "./queue.js";
import { called, drawing } from "./words.js";

const KEYS_KEPT = "parlour.panel.keys";
const DETAILS_KEPT = "parlour.panel.details";
const narrow = matchMedia("(max-width: 719px)");
const roomy = matchMedia("(min-width: 1180px)");

const one = (selector) => document.querySelector(selector);
const queue = one("waiting-queue");
const conversation = one("panel-conversation");
const context = one("conversation-context");
const explanation = one("conversation-explanation");
const help = one("#help");
let sheet = false;
const keys = one("#keys");

const told = (name) => one(`meta[name="${name}"]`).content;
const desk = new Desk({ agent: told("agent"), csrf: told("csrf-token") });
for (const part of document.querySelectorAll("[data-part]")) part.desk = desk;

// The address says what is looked at, so that back is back, also on a phone.

function look(id, { details = false } = {}) {
  const place = placeOf(location);
  if (place.conversation === id && place.details === details) return;
  const query = new URLSearchParams();
  if (id) query.set("conversation", id);
  if (details) query.set("details", "open");
  const address = query.size ? `${location.pathname}?${query}` : location.pathname;
  const deeper = (id && !place.conversation) || (details && !place.details);
  if (deeper) history.pushState({ deeper: true }, "", address);
  else history.replaceState(history.state, "", address);
  arrive();
}

function placeOf({ search }) {
  const query = new URLSearchParams(search);
  return { conversation: query.get("conversation") || null, details: query.has("details") };
}

function arrive() {
  const place = placeOf(location);
  // First of all: what is out of sight cannot be measured.
  document.body.dataset.place =
    place.details && narrow.matches ? "details" : place.conversation ? "conversation" : "list";
  desk.look(place.conversation);
  showDetails(place);
  sayOffers();
}

/** One step back: the way one came, or, on an address opened directly, to what lies above it. */
function back() {
  const place = placeOf(location);
  if (history.state?.deeper) return history.back();
  const { place: from } = document.body.dataset;
  look(place.details ? place.conversation : null);
  goAlong(from);
}

/** Puts the focus into what is looked at, where what had it is out of sight. */
function enter() {
  const { place } = document.body.dataset;
  if (place === "list") queue.enter();
  else if (place === "details") context.focusTitle();
  else conversation.focusTitle();
}

/** Lets the focus go along to the column that took the place of another, and from the details back to their button. */
function goAlong(from) {
  const { place } = document.body.dataset;
  if (from === "details" && place === "conversation") one(".conversation__details").focus();
  else if (place === "list" || (narrow.matches && place !== from)) enter();
}

/** On a phone the details are a page, on a wide screen a column that stays as it was left, between them a sheet. */
function showDetails({ conversation: open, details } = placeOf(location)) {
  const wanted = narrow.matches ? details : roomy.matches ? localStorage.getItem(DETAILS_KEPT) !== "folded" : sheet;
  context.hidden = !open || !wanted;
  document.body.classList.toggle("panel--details", !context.hidden);
  one(".conversation__details")?.setAttribute("aria-expanded", String(!context.hidden));
}

function toggleDetails() {
  const place = placeOf(location);
  if (narrow.matches) {
    if (place.details) return back();
    look(place.conversation, { details: true });
    return context.focusTitle();
  }
  const opens = context.hidden;
  if (roomy.matches) localStorage.setItem(DETAILS_KEPT, opens ? "open" : "folded");
  else sheet = opens;
  showDetails();
  if (opens) context.focusTitle();
  else one(".conversation__details")?.focus();
}

function read(id) {
  look(id);
  if (narrow.matches) conversation.focusTitle();
  else if (desk.standing(id).holder === "me") conversation.focusReply();
}

function answer(id) {
  queue.show("mine");
  look(id);
  conversation.focusReply();
}

addEventListener("popstate", () => {
  const { place: from } = document.body.dataset;
  arrive();
  goAlong(from);
});
narrow.addEventListener("change", arrive);
roomy.addEventListener("change", arrive);

document.addEventListener("look", ({ detail }) => read(detail.conversation));
document.addEventListener("accepted", ({ detail: { conversation: accepted, here } }) => {
  if (here) answer(accepted);
  else if (desk.open !== accepted) say(`${called(desk.visitor(accepted))} is yours.`, () => answer(accepted));
});
document.addEventListener("leave", back);
document.addEventListener("details", toggleDetails);
document.addEventListener("explain", ({ detail }) => desk.open && explanation.show(desk.open, detail.seq));
document.addEventListener("say", ({ detail: { text, conversation: of } }) => say(text, of && (() => read(of))));

// What concerns the whole page

let quiet;

/** Says something for a while; `show` leads to what it is about. */
function say(words, show) {
  const way = show && h("button.button", { type: "button" }, "Show");
  way?.addEventListener("click", () => {
    unsay();
    show();
  });
  const said = one("#said");
  said.replaceChildren(h("p.panel__notice", {}, h("span", {}, words), way ?? ""));
  clearTimeout(quiet);
  quiet = setTimeout(unsay, 12_000);
}

function unsay() {
  one("#said").replaceChildren();
}

// An offer is said for as long as it stands, wherever one is looking: nothing else that is said takes its place.

const offered = one("#offered");
const whose = h("span", {});
const toOffer = h("button.button", { type: "button" }, "Show");
const offer = h("p.panel__notice.panel__notice--offer", {}, drawing("bell"), whose, toOffer);
toOffer.addEventListener("click", () => {
  const [first] = desk.offered;
  if (narrow.matches) look(null);
  queue.showOffer(first);
});

function sayOffers() {
  const all = queue.shows("new") ? [] : desk.offered; // There the rows say it themselves.
  if (!all.length) return unsayOffers();
  const words =
    all.length > 1
      ? `${all.length} conversations are offered to you.`
      : `${called(desk.visitor(all[0]))} is offered to you.`;
  if (whose.textContent !== words) whose.textContent = words;
  if (!offer.isConnected) offered.append(offer);
}

function unsayOffers() {
  const inside = offer.contains(document.activeElement);
  offer.remove();
  if (inside) enter();
}

desk.addEventListener("offers", ({ detail: { conversation } }) => {
  if (desk.offers.has(conversation) && queue.shows("new")) queue.showFirstOffer();
  sayOffers();
});
desk.addEventListener("queue", sayOffers);
queue.addEventListener("turned", sayOffers);

desk.addEventListener("notice", ({ detail }) => say(detail.text));
desk.addEventListener("welcome", () => {
  const problem = one("#problem");
  problem.hidden = !desk.problem;
  one("#problem-words").textContent = desk.problem ?? "";
});
desk.addEventListener("brief", ({ detail }) => {
  if (detail.conversation !== desk.open || desk.thread(desk.open).brief?.status !== 404) return;
  look(null);
  say("There is no such conversation, or it belongs to a department that is not yours.");
});
desk.addEventListener("gone", ({ detail }) => say(`${called(desk.visitor(detail.conversation))} is with others now.`));
desk.addEventListener("signed-out", () => {
  one("#signed-out").hidden = desk.left;
  one("#left").hidden = !desk.left;
  unsay();
});

one("#sign-out").addEventListener("submit", () => desk.forget());

// Keys. Letters are keys only outside of text, and can be turned off: some people speak to their computer.

keys.checked = localStorage.getItem(KEYS_KEPT) !== "off";
keys.addEventListener("change", () => localStorage.setItem(KEYS_KEPT, keys.checked ? "on" : "off"));
one("#show-help").addEventListener("click", () => help.showModal());
one("#hide-help").addEventListener("click", () => help.close());

const LETTERS = {
  j: () => queue.step(1),
  k: () => queue.step(-1),
  a: () => queue.acceptNext(),
  r: () => desk.open && conversation.focusReply(),
  n: () => desk.open && conversation.focusNote(),
  d: () => desk.open && toggleDetails(),
  w: () => desk.open && explanation.show(desk.open),
  1: () => queue.show("new"),
  2: () => queue.show("mine"),
  3: () => queue.show("all"),
  "?": () => help.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || composes(event)) return;
  if (help.open || explanation.isOpen || one("[popover]:popover-open")) return;
  if (event.key === "Escape") return escape(event);
  if (event.target.matches("input, textarea, select, [contenteditable]") || !keys.checked) return;
  const letter = LETTERS[event.key];
  if (!letter) return;
  event.preventDefault();
  letter();
});

/** Escape leads back: out of the text to the list, from the details to the conversation, on a phone one step up. */
function escape(event) {
  if (!desk.open) return;
  event.preventDefault();
  if (narrow.matches) return back();
  if (context.contains(document.activeElement)) return conversation.focusTitle();
  queue.enter();
}

arrive();
desk.start();
