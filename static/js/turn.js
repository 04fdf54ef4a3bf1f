/** Work that is done in pieces, with room for the browser's own in between. */

/**
 * Goes on once the browser has had its turn. Where it knows nothing of that, a timer does as well,
 * though it may be late in a tab that is not in front.
 *
 * @returns {Promise<void>}
 */
export function browsersTurn() {
  const { scheduler } = /** @type {{scheduler?: {yield?: () => Promise<void>}}} */ (globalThis);
  return scheduler?.yield?.() ?? new Promise((resolve) => setTimeout(resolve, 0));
}
