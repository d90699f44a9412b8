// True, false or null for unknown: the twin of rules/conditions.py. A missing fact is unknown, a null one absent.

const fold = (text) => text.normalize("NFC").replace(/[A-Z\x80-\u1c7f]/g, (letter) => letter.toLowerCase());

// What a type cannot do gives undefined; two values of different types do not get here.
const tests = {
  is: (a, b) => a === b,
  ">=": (a, b) => a >= b,
  ">": (a, b) => a > b,
  "<=": (a, b) => a <= b,
  "<": (a, b) => a < b,
  contains: (a, b) => a.includes?.(b),
  starts: (a, b) => a.startsWith?.(b),
  ends: (a, b) => a.endsWith?.(b),
  glob(a, b) {
    let at = 0;
    return b.split?.("*").every((part, i, { length }) => {
      const found = i < length - 1 ? a.indexOf(part, at) : a.length - part.length;
      const fits = found >= at && (i || !found) && a.startsWith(part, found);
      at = found + part.length;
      return fits;
    });
  },
};

const test = (op, a, b) => {
  if (op === "in") return b.some((one) => test("is", a, one));
  if (op === "has") return Array.isArray(a) && a.some((one) => test("is", one, b));
  const type = typeof a;
  if (type !== typeof b || type === "object" || (type === "boolean" && op !== "is")) return false;
  return !!(type === "string" ? tests[op](fold(a), fold(b)) : tests[op](a, b));
};

export const evaluate = ([op, ...rest], facts) => {
  if (op === "not") {
    const held = evaluate(rest[0], facts);
    return held === null ? held : !held;
  }
  if (op === "any" || op === "all") {
    const any = op === "any";
    const held = rest.map((part) => evaluate(part, facts));
    return held.includes(any) ? any : held.includes(null) ? null : !any;
  }
  let a = facts[rest[0]];
  let b = rest[1];
  if (op === "known") return a != null;
  if (op === "cmp") [op, a, b] = [rest[0], facts[b], facts[rest[2]]];
  if (a === undefined || b === undefined) return null;
  return a !== null && b !== null && test(op, a, b);
};

// In how many seconds a condition may change by time alone, at the earliest; Infinity if it cannot.
// The clocks grow together and show whole seconds: what holds at 30 may be over at 31.
export const mayChangeIn = ([op, ...rest], facts) =>
  Math.min(
    ...(/^(all|any|not)$/.test(op)
      ? rest.map((part) => mayChangeIn(part, facts))
      : /^(time_on_|idle)/.test(rest[0])
        ? [rest[1]].flat().flatMap((bound) => [bound - facts[rest[0]], bound + 1 - facts[rest[0]]])
        : []
    ).filter((seconds) => seconds > 0),
  );
