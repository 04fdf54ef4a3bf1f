/** The model as JSON, fetched and given by HTTP: there, its size is nobody's trouble. */

/** @import { Done, Refused } from "./protocol" */

const ADDRESS = "/api/model.json";

/** More would freeze the tab that shows it as a text. */
export const MOST_CHARACTERS = 5_000_000;

/** The server cannot be asked, or its answer does not come. */
export class NoAnswer extends Error {}

/**
 * The model as a text; it is too large for one when it is more than `MOST_CHARACTERS`.
 *
 * @returns {Promise<{ok: true, json: string} | Refused>}
 */
export async function fetchModel() {
  const response = await ask({ cache: "no-store" });
  if (!response.ok) return refusalOf(response);
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
  const response = await ask({ method: "PUT", body: model });
  return response.ok ? { ok: true } : refusalOf(response);
}

/** @param {RequestInit} request */
async function ask(request) {
  try {
    return await fetch(ADDRESS, request);
  } catch {
    throw new NoAnswer();
  }
}

/**
 * What the server says; or that something on the way to it has answered in its place.
 *
 * @param {Response} response
 * @returns {Promise<Refused>}
 */
async function refusalOf(response) {
  const answer = await response.json().catch(() => null);
  if (answer !== null && typeof answer.error === "string") {
    return { ok: false, error: answer.error, field: answer.field ?? null };
  }
  if (response.status === 413) {
    return refused("This file is larger than what is let through on the way to the server.");
  }
  return refused(
    `The server could not be asked: something on the way to it answered with error ${response.status}. Please try again.`,
  );
}

/**
 * @param {string} error
 * @returns {Refused}
 */
export function refused(error) {
  return { ok: false, error, field: "json" };
}
