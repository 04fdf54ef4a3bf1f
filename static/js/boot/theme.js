/**
 * Light or dark, before the first paint: a classic script in the head, so that the page is not seen
 * in the one and then in the other. Chooses nothing by itself: without a choice, the style sheet
 * follows the system.
 */
(() => {
  try {
    const chosen = localStorage.getItem("scheme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.scheme = chosen;
  } catch {
    // A browser that keeps nothing: it is as the system wishes.
  }
})();
