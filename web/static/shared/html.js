/**
 * Making elements without markup: what people wrote becomes text and nothing else. A host page may have named an image
 * "createElement"; so what is used of the document is taken from where names do not reach.
 */

const create = Document.prototype.createElementNS.bind(document);

/** The page's own element, to which things are added that belong to no place in it. */
export const root = Document.prototype.querySelector.call(document, "html");

/** `h("p.note", {onclick, title, "aria-label"}, ...children)`: properties where there is one, else attributes. */
export function h(tag, properties, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = create("http://www.w3.org/1999/xhtml", name);
  element.className = classes.join(" ");
  for (const [key, value] of Object.entries(properties ?? {})) {
    if (key in element) element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

/** A line drawing of the one set (Lucide, 24 units, one path), beside a word or inside something that has a name. */
export function icon(d) {
  const [svg, path] = ["svg", "path"].map((name) => create("http://www.w3.org/2000/svg", name));
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.ariaHidden = true;
  path.setAttribute("d", d);
  svg.append(path);
  return svg;
}
