/** HTTP requests to the server, and the refusals that they are answered with. */

/** @import { ErrorResult, OkResult, BuiltInText, SessionText, TextFile } from "../protocol" */

import { refusalOf } from "../messages.js";

/** @typedef {(share: number) => void} Progress called with the share of a file that was sent */

/** The server cannot be reached, or its response is incomplete. */
export class NoResponse extends Error {}

/**
 * @param {string} path of the server, see `serverPath`
 * @param {RequestInit} [request]
 */
export async function send(path, request) {
  try {
    return await fetch(serverPath(path), request);
  } catch {
    throw new NoResponse();
  }
}

/**
 * The server's refusal, or one made from the response of a proxy.
 *
 * @param {Response} response
 * @param {string | null} field with the error, if a proxy has answered
 * @returns {Promise<ErrorResult>}
 */
export async function refusalFrom(response, field) {
  const answer = await response.json().catch(() => null);
  if (answer !== null && typeof answer.error === "string") {
    return { ok: false, code: answer.code, error: answer.error, field: answer.field ?? null };
  }
  return response.status === 413
    ? refusalOf("proxy_too_large", field)
    : refusalOf("proxy_error", field, response.status);
}

/**
 * The URL path for a path of the server: a proxy may make it available below another path.
 *
 * @param {string} path starts with a slash
 */
export function serverPath(path) {
  return (document.documentElement.dataset.root ?? "") + path;
}

/**
 * Why the server, or a proxy, refuses to open a socket; null if it does not, or does not answer. Like
 * a WebSocket, a POST request has an Origin header, which they may check.
 *
 * @returns {Promise<ErrorResult | null>}
 */
export async function fetchSocketRefusal() {
  const url = serverPath("/socket.io/?EIO=4&transport=polling&sid=none");
  const response = await fetch(url, { method: "POST" }).catch(() => null);
  if (response === null || response.ok || response.status >= 500) return null;
  const refusal = await refusalFrom(response, null);
  return refusal.code === "no_socket" ? null : refusal;
}

const MODEL_URL = "/api/model.json";

/** Longer text would freeze the tab. */
export const MAX_CHARACTERS = 5_000_000;

/**
 * The model as JSON, or a refusal if it is longer than `MAX_CHARACTERS`.
 *
 * @returns {Promise<{ok: true, json: string} | ErrorResult>}
 */
export async function fetchModel() {
  const response = await send(MODEL_URL, { cache: "no-store" });
  if (!response.ok) return refusalFrom(response, "json");
  if (Number(response.headers.get("Content-Length")) > MAX_CHARACTERS) {
    await response.body?.cancel();
    return refusalOf("model_too_large_to_show", "json");
  }
  try {
    return { ok: true, json: await response.text() };
  } catch {
    throw new NoResponse();
  }
}

/**
 * Replace the server's network with a model.
 *
 * @param {Blob} model
 * @returns {Promise<OkResult | ErrorResult>}
 */
export async function uploadModel(model) {
  const response = await send(MODEL_URL, { method: "PUT", body: model });
  return response.ok ? { ok: true } : refusalFrom(response, "json");
}

/**
 * The session's training text.
 *
 * @returns {Promise<SessionText | ErrorResult>}
 */
export async function fetchSessionText() {
  return fetchJson("/api/text");
}

/**
 * @param {string} name
 * @returns {Promise<BuiltInText | ErrorResult>}
 */
export async function fetchText(name) {
  return fetchJson(`/api/texts/${encodeURIComponent(name)}`);
}

/** @param {string} url */
async function fetchJson(url) {
  return jsonFrom(await send(url));
}

/**
 * The response's JSON, or the refusal of a text.
 *
 * @param {Response} response
 */
async function jsonFrom(response) {
  if (!response.ok) return refusalFrom(response, "text");
  try {
    return await response.json();
  } catch {
    throw new NoResponse();
  }
}

/**
 * Whether a text is too long for the page to edit, and for an event: the server stores it.
 *
 * @param {string} text
 */
export function isLong(text) {
  return text.length > Number(document.documentElement.dataset.maxBoxText);
}

/**
 * The text of a file, which the server reads.
 *
 * @param {File} file
 * @param {boolean} whole whether the answer has all of a text that is too long for the page
 * @param {Progress} onProgress
 * @returns {Promise<TextFile | ErrorResult>}
 */
export async function readTextFile(file, whole, onProgress) {
  const url = `/api/text-file?name=${encodeURIComponent(file.name)}${whole ? "&whole=1" : ""}`;
  return jsonFrom(await upload(url, file, onProgress));
}

/**
 * Send a file with PUT. `fetch` does not tell how far an upload has come.
 *
 * @param {string} path
 * @param {Blob} body
 * @param {Progress} onProgress
 * @returns {Promise<Response>}
 */
function upload(path, body, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", serverPath(path));
    request.responseType = "blob";
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      if (total > 0) onProgress(loaded / total);
    });
    request.addEventListener("load", () =>
      resolve(new Response(request.response, { status: request.status })),
    );
    request.addEventListener("error", () => reject(new NoResponse()));
    request.send(body);
  });
}
