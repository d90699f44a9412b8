/** Where an agent is, asked before an answer that came late moves them: who has gone on to something else stays there. */

const WRITES = "input, textarea, select, [contenteditable]";

/** Remembers where the agent is now; what it returns tells later whether they are still there. */
export function whereabouts(desk) {
  const { open } = desk;
  const part = partOf(document.activeElement);
  return () => {
    const focused = document.activeElement;
    if (desk.open !== open || focused.matches(WRITES)) return false;
    // What was pressed may have gone meanwhile, and the focus with it.
    return focused === document.body || partOf(focused) === part;
  };
}

function partOf(element) {
  return element.closest("[data-part]");
}
