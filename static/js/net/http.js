/** What is asked for over HTTP, and what it means when the answer is none of the server's. */

/** @import { ErrorResult, OkResult, BuiltInText } from "../protocol" */

import { refusalOf } from "../messages.js";

/** The server cannot be asked, or its answer does not come. */
export class NoAnswer extends Error {}

/**
 * @param {string} address
 * @param {RequestInit} [request]
 */
export async function ask(address, request) {
  try {
    return await fetch(address, request);
  } catch {
    throw new NoAnswer();
  }
}

/**
 * What the server says; or that something on the way to it has answered in its place.
 *
 * @param {Response} response
 * @param {string} field to blame where something else has answered
 * @returns {Promise<ErrorResult>}
 */
export async function refusalIn(response, field) {
  const answer = await response.json().catch(() => null);
  if (answer !== null && typeof answer.error === "string") {
    return { ok: false, code: answer.code, error: answer.error, field: answer.field ?? null };
  }
  return response.status === 413
    ? refusalOf("proxy_too_large", field)
    : refusalOf("proxy_error", field, response.status);
}

const ADDRESS = "/api/model.json";

/** More would freeze the tab that shows it as a text. */
export const MOST_CHARACTERS = 5_000_000;

/**
 * The model as a text; it is too large for one when it is more than `MOST_CHARACTERS`.
 *
 * @returns {Promise<{ok: true, json: string} | ErrorResult>}
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
 * @returns {Promise<OkResult | ErrorResult>}
 */
export async function giveModel(model) {
  const response = await ask(ADDRESS, { method: "PUT", body: model });
  return response.ok ? { ok: true } : refusalIn(response, "json");
}

/**
 * @param {string} name
 * @returns {Promise<BuiltInText | ErrorResult>}
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
