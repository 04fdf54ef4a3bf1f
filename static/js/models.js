/** The model as JSON, fetched and given by HTTP: there, its size is nobody's trouble. */

/** @import { Done, Refused } from "./protocol" */

import { ask, NoAnswer, refusalOf } from "./http.js";

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
  if (!response.ok) return refusalOf(response, "json");
  if (Number(response.headers.get("Content-Length")) > MOST_CHARACTERS) {
    await response.body?.cancel();
    return refused("This model is too large for the box: use download, which has no limit.");
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
  return response.ok ? { ok: true } : refusalOf(response, "json");
}

/**
 * @param {string} error
 * @returns {Refused}
 */
export function refused(error) {
  return { ok: false, error, field: "json" };
}
