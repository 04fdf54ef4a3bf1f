/** Elements that files can be dropped on or chosen with. */

/**
 * Receive the files that are dropped on an element. The browser handles all other drags.
 *
 * @param {HTMLElement} element
 * @param {(files: File[]) => void} receive
 */
export function onFileDrop(element, receive) {
  const highlight = (/** @type {boolean} */ on) => element.classList.toggle("receiving", on);

  for (const type of /** @type {const} */ (["dragenter", "dragover"])) {
    element.addEventListener(type, ({ dataTransfer }) => highlight(hasFiles(dataTransfer)));
  }
  // Otherwise the browser would navigate to the dropped file.
  for (const type of /** @type {const} */ (["dragenter", "dragover", "drop"])) {
    element.addEventListener(type, (event) => {
      if (hasFiles(event.dataTransfer)) event.preventDefault();
    });
  }
  for (const type of /** @type {const} */ (["dragleave", "drop"])) {
    element.addEventListener(type, () => highlight(false));
  }
  element.addEventListener("drop", ({ dataTransfer }) => {
    if (hasFiles(dataTransfer)) receive([...(dataTransfer?.files ?? [])]);
  });
}

/**
 * Receive the files that are chosen with an input.
 *
 * @param {HTMLInputElement} input
 * @param {(files: File[]) => unknown} receive
 */
export function onFileChoice(input, receive) {
  input.addEventListener("change", async () => {
    await receive([...(input.files ?? [])]);
    input.value = ""; // so that choosing the same file again fires `change`
  });
}

/** @param {DataTransfer | null} dragged */
function hasFiles(dragged) {
  return dragged !== null && dragged.types.includes("Files");
}
