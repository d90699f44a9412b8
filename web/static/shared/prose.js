/** What people wrote, as words and the links in it, without markup. */
import { h } from "./html.js";

/** Words that lead to an address, or the words alone where it may not be followed: only http, https, mailto and tel. */
export function link(words, href) {
  const element = h("a", { href, target: "_blank", rel: "noopener noreferrer nofollow" }, words);
  return /^(https?|mailto|tel):/.test(element.protocol) ? element : words;
}

/**
 * What somebody wrote, as texts and, for the addresses in it, links. An e-mail address is sought in bounds (RFC 5321), or
 * a long word without one would hold up the page.
 */
export function prose(text) {
  const parts = text.split(
    /((?:https?:\/\/|mailto:|tel:)[^\s<>"]*[^\s<>".,:;!?)\]]|[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+)/i,
  );
  return parts.map((part, n) => (n % 2 ? link(part, /^[a-z]+:/i.test(part) ? part : `mailto:${part}`) : part));
}
