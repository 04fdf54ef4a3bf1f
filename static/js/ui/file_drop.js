/** A place on which files can be dropped; whatever else is dragged stays the browser's business. */

/**
 * @param {HTMLElement} place
 * @param {(files: File[]) => void} take
 */
export function onFileDrop(place, take) {
  const light = (/** @type {boolean} */ on) => place.classList.toggle("receiving", on);

  for (const move of /** @type {const} */ (["dragenter", "dragover"])) {
    place.addEventListener(move, ({ dataTransfer }) => light(hasFiles(dataTransfer)));
  }
  // Without this, the browser opens a dropped file in the place of the page.
  for (const move of /** @type {const} */ (["dragenter", "dragover", "drop"])) {
    place.addEventListener(move, (event) => {
      if (hasFiles(event.dataTransfer)) event.preventDefault();
    });
  }
  for (const end of /** @type {const} */ (["dragleave", "drop"])) {
    place.addEventListener(end, () => light(false));
  }
  place.addEventListener("drop", ({ dataTransfer }) => {
    if (hasFiles(dataTransfer)) take([...(dataTransfer?.files ?? [])]);
  });
}

/** @param {DataTransfer | null} dragged */
function hasFiles(dragged) {
  return dragged !== null && dragged.types.includes("Files");
}
