/**
 * Making elements without markup: what people wrote becomes text and nothing else. A host page may have named its images
 * "createElement"; what is used of the document is taken from where names cannot reach.
 */

const the = (name) => Document.prototype[name].bind(document);
const create = the("createElement");
const createIn = the("createElementNS");

/** The element, its properties and listeners (`onclick`) set, `aria-*`, `data-*`, `role` and the like as attributes. */
export function h(tag, properties, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = create(name);
  if (classes.length) element.className = classes.join(" ");
  for (const key of Object.keys(properties ?? {})) {
    const value = properties[key];
    if (value === undefined || value === null) continue;
    if (key in element && !key.includes("-")) element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A line drawing of the one set (Lucide), 20 px, beside a word or inside something that has a name. */
export function icon(...paths) {
  const drawing = createIn("http://www.w3.org/2000/svg", "svg");
  const set = (element, attributes) => {
    for (const key of Object.keys(attributes)) element.setAttribute(key, attributes[key]);
  };
  set(drawing, { class: "icon", viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", "aria-hidden": "true" });
  set(drawing, { "stroke-width": 1.75, "stroke-linecap": "round", "stroke-linejoin": "round" });
  for (const d of paths) {
    const path = createIn("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", d);
    drawing.append(path);
  }
  return drawing;
}

const LINK = /\b(?:https?:\/\/|www\.)[^\s<>"'`]+|\b(?:mailto:|tel:)[^\s<>"'`]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+/gi;
const TAIL = /[.,:;!?…)\]}]+$/;
const SAFE = /^(https?|mailto|tel):/i;

/** The address if it may be followed, else null. Only http, https, mailto and tel may. */
export function address(text) {
  try {
    const { href } = new URL(text);
    return SAFE.test(href) ? href : null;
  } catch {
    return null;
  }
}

/** A link that gives nothing away and does not come from us; the words alone where the address may not be followed. */
export function link(text, to) {
  const href = address(to);
  return href ? h("a", { href, target: "_blank", rel: "noopener noreferrer nofollow" }, text) : text;
}

/** What somebody wrote, as text nodes, with addresses in it made links. */
export function prose(text) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(LINK)) {
    const words = trimmed(found[0]);
    const bare = words.includes("@") && !/^(mailto:|https?:)/i.test(words) ? `mailto:${words}` : words;
    parts.push(text.slice(from, found.index), link(words, bare.startsWith("www.") ? `https://${bare}` : bare));
    from = found.index + words.length;
  }
  return [...parts, text.slice(from)].filter((part) => part !== "");
}

/** An address without the punctuation of the sentence around it; a bracket it opened itself stays. */
function trimmed(words) {
  const tail = TAIL.exec(words)?.[0] ?? "";
  const kept = tail[0] === ")" && words.includes("(") ? 1 : 0;
  return words.slice(0, words.length - tail.length + kept);
}
