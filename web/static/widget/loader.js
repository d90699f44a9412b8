// The one script tag. Leaves the page alone until it is idle, then brings in the widget; calls made before are kept.
(() => {
  const script = Object.getOwnPropertyDescriptor(Document.prototype, "currentScript").get.call(document);
  if (window.Parlour?.open instanceof Function) return;
  const calls = [];
  window.Parlour = {};
  for (const name of ["open", "close", "hide", "show"]) Parlour[name] = () => calls.push(name);
  const begin = () =>
    import(new URL("__STATIC__/widget/main.js", script.src))
      .then(({ begin }) => begin(new URL(script.src).origin, calls))
      .catch((problem) => console.warn("Parlour:", problem));
  (window.requestIdleCallback ?? setTimeout)(begin, { timeout: 2_000 });
})();
