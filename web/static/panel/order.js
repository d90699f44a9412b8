/** In which order conversations stand in the lists. */

/** Those who wait for an answer first, longest first; then the rest, latest first. */
export function oldestUnanswered(one, other) {
  if (one.waiting_since && other.waiting_since) return one.waiting_since < other.waiting_since ? -1 : 1;
  if (one.waiting_since || other.waiting_since) return one.waiting_since ? -1 : 1;
  return (one.last?.at ?? "") > (other.last?.at ?? "") ? -1 : 1;
}

/** Those who sit there before messages that were left; of these the urgent before the others, then the oldest. */
export function nextInLine(one, other) {
  const sitsThere = (row) => Number(row.holder === "queue");
  return (
    sitsThere(other) - sitsThere(one) ||
    sitsThere(one) * (other.priority - one.priority) ||
    oldestUnanswered(one, other)
  );
}
