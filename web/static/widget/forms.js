/**
 * A form that the bot asks to be filled in, loaded when the first one arrives. What is wrong stands under its field in
 * words, what was written stays, and it is sent once.
 */
import { h } from "../shared/html.js";
import { TEXTS } from "./texts/forms.js";

/** So many choices are seen at once, more are a list. */
const AT_A_GLANCE = 5;
/** How each type is typed. Numbers are texts: a field for digits alone would forget "about 40" instead of keeping it. */
const TYPED = {
  name: { autocomplete: "name" },
  email: { type: "email", autocomplete: "email" },
  phone: { type: "tel", autocomplete: "tel" },
  url: { type: "url", autocomplete: "url" },
  number: { inputMode: "decimal" },
  money: { inputMode: "decimal" },
  date: { type: "date" },
};
/** What a field for dates can hold; anything else is kept in a field for texts. */
const DAY = /^\d{4}-\d\d-\d\d$/;

const looks = fetch(new URL("./forms.css", import.meta.url), { credentials: "omit" });
const sheet = new CSSStyleSheet();
sheet.replaceSync(await (await looks).text());

/**
 * What stands in the fields, kept for as long as this tab is asked for it: over what else is said, and over pages. Once a
 * form is `sent`, what other tabs have kept counts no longer either.
 */
function kept(rows, sent) {
  try {
    if (sent) localStorage["parlour.sent"] = sent;
    if (rows) sessionStorage["parlour.form"] = JSON.stringify([`${localStorage["parlour.sent"]}`, rows]);
    const [since, before] = JSON.parse(sessionStorage["parlour.form"]);
    return since === `${localStorage["parlour.sent"]}` ? before : [];
  } catch {
    return [];
  }
}

/** Puts a form at the end of the log. `send(answer, words)`: what to send, and what it comes to in words. */
export function ask(form, place, language, send) {
  const root = place.getRootNode();
  const texts = language.startsWith("de") ? TEXTS.de : TEXTS.en;
  const log = place.parentElement;
  const before = kept();
  // By its words, too: who has agreed to something has agreed to nothing else.
  const named = ({ name, label }) => `${form.step} ${name} ${label}`;
  const questions = form.fields.map((field) => {
    const [, known, typed, wrong] = before.find(([name]) => name === named(field)) ?? [];
    // What has been learnt since, or is wrong with what was sent, counts more than what was typed before.
    const same = (field.value ?? known) === known;
    // A reminder does not say again what is wrong: it stays until it is sent once more.
    return question({ ...field, value: same ? typed : field.value }, form.errors?.[field.name] ?? (same && wrong), texts);
  });
  const oninput = () => kept(form.fields.map((field, at) => [named(field), field.value, questions[at].value(), questions[at].wrong]));
  const submit = (event) => {
    event.preventDefault();
    const open = questions.filter((each) => !each.settled());
    if (open.length) return open[0].focus();
    const values = Object.fromEntries(form.fields.map((field, at) => [field.name, (field.value = questions[at].value())]));
    const words = form.fields.map((field, at) => told(field, questions[at].words(language))).filter(Boolean);
    kept([], Date.now());
    send({ step: form.step, values }, words.join("\n"));
    log.focus();
  };
  const asked = h(
    "form.form",
    // The message above says what it is about; all of its labels at once would be a flood of words.
    { noValidate: true, onsubmit: submit, oninput, ariaLive: "off" },
    h(
      "fieldset.questions",
      null,
      form.title ? h("legend.title", null, form.title) : "",
      ...questions.map((each) => each.element),
      h("button.submit", form.submit ? null : { lang: texts.lang }, form.submit || texts.send),
    ),
  );
  // Before the widget's own: what both say (the colour of words on the site's colour) is for that one to say.
  if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets = [sheet, ...root.adoptedStyleSheets];
  place.querySelector("form")?.remove();
  place.append(asked);
  oninput();
  // Whoever sent the one before is still there: they go on where something is wrong.
  // The log brings the form in sight from its beginning, and after that this field.
  if (root.activeElement === log) setTimeout(() => questions.find(({ wrong }) => wrong)?.focus());
}

/** "Name: Kim", and "What is your name? Kim": the twin of `told` in flows/card.py. */
export const told = ({ label }, words) => words && (/[?!.:]$/.test(label) ? `${label} ${words}` : `${label}: ${words}`);

/** One field with its label, help and error; `settled()` says whether there is an answer, and complains if not. */
function question(field, error, texts) {
  const { name, type, label, optional, help } = field;
  const id = `field-${name}`;
  const complaint = h("p.error", { id: `${id}-error` }, error || "");
  const described = [help && `${id}-help`, complaint.id].filter(Boolean).join(" ");
  const common = { "aria-describedby": described, "aria-invalid": !!error };
  const about = [
    h("span.label", null, label, optional ? h("span.optional", { lang: texts.lang }, ` (${texts.optional})`) : ""),
    help ? h("span.help", { id: `${id}-help` }, help) : "",
  ];
  const kind = type === "consent" ? consent : type === "yes_no" || field.choices ? choice : line;
  const made = kind({ ...field, id }, about, complaint, common, texts);
  const settled = () => {
    const missing = !optional && made.value() === "" && made.missing;
    Object.assign(complaint, { textContent: missing || "", lang: texts.lang });
    for (const input of made.inputs) input.ariaInvalid = !!missing;
    return !missing;
  };
  const focus = () => {
    made.inputs[0].focus();
    // With its label, which says what it is about.
    made.element.scrollIntoView({ block: "nearest" });
  };
  return { ...made, settled, wrong: error, focus };
}

/** One line, or several for a text. */
function line({ id, type, value, min, max }, about, complaint, common, texts) {
  const now = typeof value === "object" ? "" : (value ?? "");
  const held = type !== "date" || !now || DAY.test(now);
  const input =
    type === "text"
      ? h("textarea.field", { id, rows: 2, ...common })
      : h("input.field", { id, type: "text", min: min ?? "", max: max ?? "", ...(held && TYPED[type]), ...common });
  input.value = now;
  const words = (language) => {
    const day = type === "date" && DAY.test(input.value) && new Date(input.value);
    return day ? day.toLocaleDateString(language, { dateStyle: "long", timeZone: "UTC" }) : input.value.trim();
  };
  return {
    element: h("div.question", null, h("label", { htmlFor: id }, ...about), input, complaint),
    inputs: [input],
    missing: texts.empty,
    value: () => input.value.trim(),
    words,
  };
}

/** One of a few, or of a list. */
function choice({ id, value, choices, optional }, about, complaint, common, texts) {
  const answers = choices ?? [
    { label: texts.yes, value: true },
    { label: texts.no, value: false },
  ];
  const own = choices ? null : { lang: texts.lang };
  const missing = texts.open;
  const labelled = (chosen) => answers.find((each) => each.value === chosen)?.label ?? "";
  if (answers.length > AT_A_GLANCE) {
    const option = (each) => h("option", { value: each.value, selected: each.value === value }, each.label);
    const list = h("select.field", { id, ...common }, h("option", { value: "", lang: texts.lang }, texts.choose), ...answers.map(option));
    return {
      element: h("div.question", null, h("label", { htmlFor: id }, ...about), list, complaint),
      inputs: [list],
      missing,
      value: () => list.value,
      words: () => labelled(list.value),
    };
  }
  const inputs = answers.map((each) =>
    h("input", { type: "radio", name: id, checked: each.value === value, required: !optional, ...common }),
  );
  const chosen = () => answers[inputs.findIndex((input) => input.checked)]?.value ?? "";
  const labels = answers.map((each, at) => h("label.choice", null, inputs[at], h("span", own, each.label)));
  return {
    element: h("fieldset.question", null, h("legend", null, ...about), ...labels, complaint),
    inputs,
    missing,
    value: chosen,
    words: () => labelled(chosen()),
  };
}

/** Something to agree to, or not. */
function consent({ id, value }, about, complaint, common, texts) {
  const input = h("input", { id, type: "checkbox", checked: value === true, ...common });
  return {
    element: h("div.question", null, h("label.choice", { htmlFor: id }, input, h("span", null, ...about)), complaint),
    inputs: [input],
    value: () => input.checked,
    words: () => (input.checked ? texts.yes : texts.no),
  };
}
