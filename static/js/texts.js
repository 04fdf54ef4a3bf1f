/** The texts that charnn brings along, fetched by HTTP. */

/** @import { BroughtText, Refused } from "./protocol" */

import { ask, NoAnswer, refusalIn } from "./http.js";

/**
 * @param {string} name
 * @returns {Promise<BroughtText | Refused>}
 */
export async function fetchText(name) {
  const response = await ask(`/api/texts/${encodeURIComponent(name)}`);
  if (!response.ok) return refusalIn(response, "text");
  try {
    return await response.json();
  } catch {
    throw new NoAnswer();
  }
}
