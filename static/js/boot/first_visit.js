/**
 * Marks a first visit before the first paint, so that showing its hints causes no layout shift: a classic
 * script in the head. A browser without storage would get the hints each time, so it gets none.
 */
(() => {
  try {
    if (localStorage.getItem("charnn.visited") !== null) return;
    localStorage.setItem("charnn.visited", "yes");
    document.documentElement.dataset.visit = "first";
  } catch {
    // No storage: not a first visit.
  }
})();
