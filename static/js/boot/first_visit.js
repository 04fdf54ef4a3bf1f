/**
 * Whether this browser has been here before, by the first paint: a classic script in the head, so that
 * nothing moves when the hints of a first visit are shown. They are shown once; a browser that keeps
 * nothing would get them each time, and so gets none.
 */
(() => {
  try {
    if (localStorage.getItem("charnn.visited") !== null) return;
    localStorage.setItem("charnn.visited", "yes");
    document.documentElement.dataset.visit = "first";
  } catch {
    // As if it had been here.
  }
})();
