/** Whether a key belongs to a word that is being put together: of the last one, Safari tells it only by its number. */
export function composes(event) {
  return event.isComposing || event.keyCode === 229;
}
