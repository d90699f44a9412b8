/** What is said while the chat is closed: who says it, what, at most three answers, and how to wave it away. */
import { h } from "../shared/html.js";
import { face, party } from "./status.js";

const LOOKED_AT = 1_000;

/** Calls `act` once half of something has been in sight for a second. */
export function whenSeen(element, act) {
  let timer;
  const watcher = new IntersectionObserver(
    ([{ isIntersecting }]) => {
      clearTimeout(timer);
      if (isIntersecting) timer = setTimeout(() => element.isConnected && (watcher.disconnect(), act()), LOOKED_AT);
    },
    { threshold: 0.5 },
  );
  watcher.observe(element);
}

/** A quick reply: `act` has what each kind of them does, `press` where none is said. */
export const reply = (option, act, step) => h("button.reply", { onclick: () => act[option.kind ?? "press"](option, step) }, option.label);

/** `act`: open(), press(option), dismiss(). */
export function bubble(texts, { say, buttons = [], from = {} }, act) {
  const { role, name } = from;
  const person = role === "agent" && name;
  return h(
    "div.bubble",
    null,
    party(face(person), h("p.who", null, person || (name ? texts.for(name) : texts.bot)), texts.dismiss, act.dismiss),
    h("button.words", { lang: texts.language, onclick: act.open }, say),
    h("div.replies", { lang: texts.language }, ...buttons.slice(0, 3).map((option) => reply(option, act))),
  );
}
