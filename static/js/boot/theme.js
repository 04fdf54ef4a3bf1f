/**
 * Applies the chosen colour scheme before the first paint: a classic script in the head. Without a
 * choice, the style sheets follow the system.
 */
(() => {
  try {
    const chosen = localStorage.getItem("scheme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.scheme = chosen;
  } catch {
    // No storage: follow the system.
  }
})();
