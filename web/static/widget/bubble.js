/** What is said while the chat is closed: who says it, what, at most three answers, and how to wave it away. */
import { h, icon } from "../shared/html.js";
import { CLOSE, face } from "./status.js";

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

/** `act`: open(), press(option), dismiss(). */
export function bubble(texts, { say, buttons = [], from = {} }, act) {
  const lang = { lang: texts.language };
  const button = (name, label, onclick, ...inside) => h(`button.${name}`, { type: "button", onclick, ...label }, ...inside);
  return h(
    "div.bubble",
    null,
    h(
      "div.party",
      null,
      face(from),
      h("p.who", null, from.role === "agent" ? from.name : from.name ? texts.for(from.name) : texts.bot),
      button("shut", { "aria-label": texts.dismiss }, act.dismiss, icon(CLOSE)),
    ),
    button("words", lang, act.open, say),
    h("div.replies", lang, ...buttons.slice(0, 3).map((option) => button("reply", {}, () => act[option.kind ?? "press"](option), option.label))),
  );
}
