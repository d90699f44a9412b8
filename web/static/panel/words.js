/** Words the panel uses in more than one place: for lengths of waiting, for who somebody is, for drawings. */
import { moment, exact } from "../shared/clock.js";
import { h } from "../shared/html.js";

/** The panel speaks English; which English, with which clock, is the agent's own. */
const LANGUAGE = navigator.languages?.find((language) => language.startsWith("en-")) ?? "en-GB";

const EXPECTED = 120;
const WEEK = 604_800_000;

/** How long somebody waits, as figures in a column: "0:42", "12:05", "1 h 05", "2 d". */
export function waited(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 3600) return `${Math.floor(s / 60)}:${two(s % 60)}`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${two(Math.floor(s / 60) % 60)}`;
  return `${Math.floor(s / 86_400)} d`;
}

/** The same said: "42 seconds", "12 minutes", "1 hour", "2 days". */
export function waitedInWords(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  const [n, unit] =
    s < 60
      ? [s, "second"]
      : s < 3600
        ? [Math.floor(s / 60), "minute"]
        : s < 86_400
          ? [Math.floor(s / 3600), "hour"]
          : [Math.floor(s / 86_400), "day"];
  return `${n} ${unit}${n === 1 ? "" : "s"}`;
}

/** "new", "waiting" after a minute, "overdue" after the two within which an answer is expected. */
export function urgency(seconds) {
  return seconds >= EXPECTED ? "overdue" : seconds >= EXPECTED / 2 ? "waiting" : "new";
}

/** An instant as the widget says it, and of another year with the year: the panel lists what is years old. */
function clocked(instant, now) {
  const near = Math.abs(now - instant) < WEEK;
  if (near || new Date(instant).getFullYear() === new Date(now).getFullYear()) return moment(instant, now, LANGUAGE);
  const part = (options) => new Intl.DateTimeFormat(LANGUAGE, options).format(instant);
  return `${part({ dateStyle: "long" })}, ${part({ timeStyle: "short" })}`;
}

/** "just now", "4 min ago", then the clock. */
export function ago(at, now) {
  const seconds = (now - Date.parse(at)) / 1000;
  if (!(seconds >= 60)) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  return clocked(Date.parse(at), now);
}

/** The clock of an instant: "14:05", "yesterday, 14:05", "3 March 2025, 14:05"; the whole of it on hover. */
export function time(at, now) {
  const instant = Date.parse(at);
  if (Number.isNaN(instant)) return null;
  return h("time", { dateTime: at, title: exact(instant, LANGUAGE) }, clocked(instant, now));
}

export function exactly(at) {
  const instant = Date.parse(at);
  return Number.isNaN(instant) ? "" : exact(instant, LANGUAGE);
}

/** What a visitor is called before and after we know a name. */
export function called(visitor) {
  return visitor?.name || visitor?.email || "Visitor";
}

const STANDINGS = {
  me: "With you",
  waiting: "Waiting for a person",
  left: "Left a message",
  bot: "With the assistant",
  gone: "With others",
  closed: "Closed",
};

/** Who has a conversation, as the desk's `standing` tells it. */
export function standingInWords({ holder, name }) {
  return STANDINGS[holder] ?? `With ${name || "a colleague"}`;
}

/** The path of a page, short enough to read; what cannot be read as an address stays as it is. */
export function pathOf(page) {
  const text = String(page?.path ?? page?.url ?? page ?? "");
  if (!text) return "";
  try {
    const { pathname, search } = new URL(text, location.origin);
    return decodeURI(pathname) + search;
  } catch {
    return text;
  }
}

/** A drawing of the one set, beside a word or inside something that has a name. */
export function drawing(name) {
  return h(`span.icon.icon--${name}`, { "aria-hidden": "true" });
}

function two(n) {
  return String(n).padStart(2, "0");
}
