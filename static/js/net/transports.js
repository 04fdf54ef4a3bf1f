/**
 * Chooses between WebSocket and polling. WebSocket is faster, but some proxies do not answer its
 * handshake, or cut it soon after.
 */

/**
 * The members used of Socket.IO's manager.
 *
 * @typedef {object} Manager
 * @property {{transports?: any}} opts of the next attempt to connect
 * @property {{transport: {name: string}}} engine
 * @property {(milliseconds: number) => unknown} timeout sets that of the next attempt
 * @property {(event: "open" | "error" | "close", take: (reason: any) => void) => unknown} on
 */

/** The transports to try, in order. */
export const TRANSPORTS = ["websocket", "polling"];
/** If no WebSocket could be opened: the library upgrades when it can. */
const POLLING_FIRST = ["polling", "websocket"];

/** A handshake that takes longer was probably swallowed by a proxy. */
export const FIRST_TIMEOUT_MS = 5_000;
/** For slow lines. */
const LATER_TIMEOUT_MS = 20_000;
/** A WebSocket that ends sooner was cut by a proxy, or the server has restarted. */
const CUT_MS = 10_000;
/** So many cuts in a row are those of a proxy: the page polls until that connection ends. */
const MAX_CUTS = 2;

/**
 * Fall back to polling while WebSocket does not work.
 *
 * @param {Manager} manager
 */
export function fallBackToPolling(manager) {
  let failed = false;
  let cuts = 0;
  /** @type {number | null} */
  let openedAt = null;

  const update = () => {
    manager.opts.transports = failed ? POLLING_FIRST : TRANSPORTS;
    if (cuts >= MAX_CUTS) manager.opts.transports = ["polling"];
    manager.timeout(failed ? LATER_TIMEOUT_MS : FIRST_TIMEOUT_MS);
  };
  manager.on("open", () => {
    openedAt = performance.now();
  });
  manager.on("error", () => {
    if (openedAt !== null) return; // it is closed next
    failed = true;
    update();
  });
  manager.on("close", (reason) => {
    const isCut =
      /^transport/.test(reason) &&
      manager.engine.transport.name === "websocket" &&
      performance.now() - (openedAt ?? 0) < CUT_MS;
    cuts = isCut ? cuts + 1 : 0;
    failed = false;
    openedAt = null;
    update();
  });
}
