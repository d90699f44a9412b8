/** What happened in a conversation, each kind as an agent sees it. Nothing here is kept up to date: what happened, happened. */
import { h } from "../shared/html.js";
import { prose } from "../shared/prose.js";
import { isMessageAgain, nameOf } from "./thread.js";
import { drawing, exactly, pathOf } from "./words.js";

/**
 * What an event looks like to an agent, or null for what only the record needs. `before` holds the events it may come
 * of: the last turn, and the last rule that was applied; `department` is how agents call the one it names.
 */
export function draw(event, { mine, before, department }) {
  const { kind, body } = event;
  if (kind === "message") return message(event, mine, before);
  if (kind === "note")
    return h(
      "li.conversation__item.conversation__item--note",
      {},
      paper(mine ? "you" : nameOf(event), body.text, event.at),
    );
  const happened = {
    agent_requested: () => ["bell", department ? `A person is wanted, ${department}` : "A person is wanted"],
    agent_missing: () => [
      "clock-alert",
      `A person was wanted, but ${body.why === "closed" ? "it was closed" : "nobody was there"}`,
    ],
    offer_over: () => ["clock", `${mine ? "You" : nameOf(event)} ${OFFER_OVER[body.why] ?? "did not answer the offer"}`],
    accepted: () => ["user", `${mine ? "You" : nameOf(event)} took the conversation`],
    waited_long: () => ["clock-alert", "Nobody came in the time promised"],
    returned: () => ["undo-2", "Back with the assistant"],
    requeued: () =>
      isMessageAgain(event)
        ? ["mail", `A message again: ${gone(event, mine)}`]
        : ["clock", body.name ? `Waiting again: ${gone(event, mine)}` : "Waiting again"],
    message_left: () => ["mail", `Left a message. Answer to ${body.email ?? "the address given"}`],
    rule_applied: () => applied(body),
    action_returned: () => (body.outcome === "done" ? null : ["clock-alert", notDone(body)]),
    page_viewed: () => ["route", `Went to ${body.title || pathOf(body.path)}`],
    closed: () => ["circle-check", closedBy(event, mine)],
  }[kind]?.();
  if (!happened) return null;
  const [name, words] = happened;
  return h("li.conversation__happened", { title: exactly(event.at) }, drawing(name), h("span", {}, ...prose(words)));
}

const OFFER_OVER = { declined: "passed it on", unable: "could not take it any more" };

function gone(event, mine) {
  return mine ? "you were gone" : `${nameOf(event)} is gone`;
}

function message(event, mine, before) {
  const { from, body } = event;
  if (from.role === "bot") return folded(event, before);
  if (from.role === "system")
    return h("li.conversation__happened", { title: exactly(event.at) }, h("span", {}, ...prose(body.text ?? "")));
  const who = from.role === "visitor" ? null : h("p.conversation__by", {}, mine ? "You" : nameOf(event));
  return h(
    `li.conversation__item.conversation__item--${from.role === "agent" ? "agent" : "visitor"}${mine ? ".conversation__item--own" : ""}`,
    { title: exactly(event.at) },
    who ?? h("p.aside", {}, "Visitor:"),
    bubble(body.text),
  );
}

/** The bot's words matter less to an agent than the visitor's: one line each, the whole of it when opened. */
function folded({ body, at, seq }, before) {
  const text = body.text ?? "";
  const options =
    body.options?.length &&
    h(
      "ul.conversation__options",
      { role: "list", "aria-label": "Offered answers" },
      ...body.options.map(({ label }) => h("li", {}, label ?? "")),
    );
  return h(
    "li.conversation__item.conversation__item--bot",
    { title: exactly(at) },
    h(
      "details.conversation__fold",
      {},
      h(
        "summary",
        {},
        drawing("bot"),
        h("span.aside", {}, "Assistant: "),
        h("span.conversation__line", {}, text.replace(/\s+/g, " ")),
        h("span.conversation__full-by", { "aria-hidden": "true" }, "Assistant"),
        drawing("chevron-right"),
      ),
      h(
        "div.conversation__unfolded",
        {},
        h("p.conversation__text", {}, ...prose(text)),
        options || "",
        origin(body, seq, before),
      ),
    ),
  );
}

/** Which step, rule or trigger said it, where that is written, and the way to why. */
function origin(body, seq, before) {
  const [name, where] = saidBy(body, before);
  const ask = ({ target }) => target.dispatchEvent(new CustomEvent("explain", { bubbles: true, detail: { seq } }));
  const why = h("button.conversation__why", { type: "button", onclick: ask }, "Why?");
  return h("p.conversation__origin", {}, h("span", {}, name), where ? h("code", {}, where) : "", why);
}

function saidBy({ flow, step, rule, trigger }, before) {
  if (rule) {
    const applied = before.findLast((event) => event.body?.rule === rule)?.body;
    return [`rule › ${rule}`, applied?.file ? `${applied.file}:${applied.line}` : ""];
  }
  if (!step) return [trigger ? `trigger › ${trigger}` : "no step of a flow", ""];
  const name = step.slice(flow ? flow.length + 1 : 0);
  const trace = before.findLast(({ kind }) => kind === "turn")?.body?.trace ?? [];
  const entry = trace.findLast(([, of, at, , , file]) => of === flow && at === name && file);
  return [`${flow ?? ""} › ${name}`, entry ? `${entry[5]}:${entry[6]}` : ""];
}

export function bubble(text) {
  return h("p.conversation__bubble.conversation__text", { dir: "auto" }, ...prose(text ?? ""));
}

export function paper(by, text, at) {
  return h(
    "div.conversation__note",
    { title: at ? exactly(at) : "" },
    h("p.conversation__by", {}, drawing("notebook-pen"), `Note by ${by ?? "a colleague"}. Only your team sees this`),
    h("p.conversation__text", { dir: "auto" }, ...prose(text ?? "")),
  );
}

/** What a rule did that shows nowhere else; an agent it speaks to reads its words instead. */
function applied({ rule, did = [], say }) {
  if (say) return ["triangle-alert", say];
  const seen = did.filter((word) => word !== "answered" && word !== "noted");
  return seen.length ? ["list-filter", `The rule ${rule}: ${seen.join(", ")}`] : null;
}

/** Only what failed is worth a line; what went well is in what the bot says next. */
function notDone({ action, outcome }) {
  return `The action ${action} ${outcome === "timeout" ? "did not answer in time" : "failed"}`;
}

function closedBy({ body }, mine) {
  const whom = { visitor: "the visitor", bot: "the assistant", agent: body.name ?? "a colleague" }[body.by];
  return mine ? "You closed it" : whom ? `Closed by ${whom}` : "Closed";
}
