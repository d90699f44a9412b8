/** Loads every drawing with the page: what is shown for the first time when the line has broken then has its own. */
const sheet = [...document.styleSheets].find(({ href }) => href?.endsWith("/panel/icons.css"));
const named = [...(sheet?.cssRules ?? [])].flatMap(
  ({ style }) => style?.getPropertyValue("--drawing").match(/[^"]+\.svg/) ?? [],
);

/** Kept, so that the browser keeps them. */
export const drawings = named.map((place) => {
  const image = new Image();
  image.crossOrigin = "anonymous"; // As style sheets ask for what they draw with.
  image.src = new URL(place, sheet.href);
  return image;
});
