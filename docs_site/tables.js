// A table that scrolls sideways is reached by the keyboard. The theme wraps each table after the page has loaded.
(() => {
  const mark = (box) => {
    const scrolls = box.scrollWidth > box.clientWidth;
    if (scrolls === box.hasAttribute("tabindex")) return;
    const attributes = { tabindex: "0", role: "group", "aria-label": "Table that scrolls sideways" };
    for (const [name, value] of Object.entries(attributes)) {
      if (scrolls) box.setAttribute(name, value);
      else box.removeAttribute(name);
    }
  };
  const sizes = new ResizeObserver((entries) => entries.forEach((entry) => mark(entry.target)));
  const watch = () => document.querySelectorAll(".md-typeset__table").forEach((box) => sizes.observe(box));
  new MutationObserver(watch).observe(document.documentElement, { childList: true, subtree: true });
  watch();
})();
