/** The model as JSON, fetched and given by HTTP: there, its size is nobody's trouble. */

/** @import { Done, Refused } from "./protocol" */

import { ask, NoAnswer, refusalIn } from "./http.js";
import { refusalOf } from "./messages.js";

const ADDRESS = "/api/model.json";

/** More would freeze the tab that shows it as a text. */
export const MOST_CHARACTERS = 5_000_000;

/**
 * The model as a text; it is too large for one when it is more than `MOST_CHARACTERS`.
 *
 * @returns {Promise<{ok: true, json: string} | Refused>}
 */
export async function fetchModel() {
  const response = await ask(ADDRESS, { cache: "no-store" });
  if (!response.ok) return refusalIn(response, "json");
  if (Number(response.headers.get("Content-Length")) > MOST_CHARACTERS) {
    await response.body?.cancel();
    return refusalOf("model_too_large_to_show", "json");
  }
  try {
    return { ok: true, json: await response.text() };
  } catch {
    throw new NoAnswer();
  }
}

/**
 * Have the server go on with a model.
 *
 * @param {Blob} model
 * @returns {Promise<Done | Refused>}
 */
export async function giveModel(model) {
  const response = await ask(ADDRESS, { method: "PUT", body: model });
  return response.ok ? { ok: true } : refusalIn(response, "json");
}
