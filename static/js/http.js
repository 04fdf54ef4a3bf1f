/** What is asked for over HTTP, and what it means when the answer is none of the server's. */

/** @import { Refused } from "./protocol" */

import { refusalOf } from "./messages.js";

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
 * @returns {Promise<Refused>}
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
