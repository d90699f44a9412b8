// Which words stand out too little from what is behind them (WCAG 1.4.3). axe gives no answer for words in the
// widget's dialog, neither good nor bad.
(host) => {
  const paint = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });

  /** How bright it is where these colours are painted over one another. */
  const brightness = (colors) => {
    for (const color of ["white", ...colors]) {
      paint.fillStyle = color;
      paint.fillRect(0, 0, 1, 1);
    }
    const [red, green, blue] = [...paint.getImageData(0, 0, 1, 1).data].map((part) =>
      part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };

  const faint = [];
  const texts = document.createTreeWalker(host.shadowRoot, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    const { width } = element.getBoundingClientRect();
    if (!texts.currentNode.data.trim() || width <= 1 || !element.checkVisibility()) continue;
    const behind = [];
    for (let at = element; at; at = at.parentElement ?? at.getRootNode().host) behind.unshift(getComputedStyle(at).backgroundColor);
    const { color, fontSize, fontWeight } = getComputedStyle(element);
    const [low, high] = [brightness(behind), brightness([...behind, color])].sort((a, b) => a - b);
    const large = parseFloat(fontSize) >= (fontWeight >= 700 ? 18.66 : 24);
    const contrast = (high + 0.05) / (low + 0.05);
    if (contrast < (large ? 3 : 4.5)) faint.push(`contrast ${contrast.toFixed(2)}: ${element.outerHTML}`);
  }
  return faint;
}
