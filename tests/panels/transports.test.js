import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { fallBackToPolling, TRANSPORTS } from "../../static/js/net/transports.js";

class Manager extends EventEmitter {
  opts = { transports: TRANSPORTS };
  engine = { transport: { name: "websocket" } };
  timeouts = /** @type {number[]} */ ([]);

  /** @param {number} milliseconds */
  timeout(milliseconds) {
    this.timeouts.push(milliseconds);
  }

  /**
   * A connection that ends after some time.
   *
   * @param {{now: number}} clock
   * @param {string} transport
   * @param {number} milliseconds
   * @param {string} reason
   */
  connect(clock, transport, milliseconds, reason = "transport close") {
    this.engine.transport.name = transport;
    this.emit("open");
    clock.now += milliseconds;
    if (reason === "transport error") this.emit("error");
    this.emit("close", reason);
  }
}

/** @param {import("node:test").TestContext} t */
function mockClock(t) {
  const clock = { now: 0 };
  t.mock.method(performance, "now", () => clock.now);
  return clock;
}

function openManager() {
  const manager = new Manager();
  fallBackToPolling(manager);
  return manager;
}

test("after a handshake that failed or was swallowed, polling is first, with more time", () => {
  const manager = openManager();
  manager.emit("error", new Error("timeout"));
  assert.deepEqual(manager.opts.transports, ["polling", "websocket"]);
  assert.ok((manager.timeouts.at(-1) ?? 0) > 10_000);
  manager.emit("error", new Error("xhr poll error"));
  assert.deepEqual(manager.opts.transports, ["polling", "websocket"]);
});

test("a WebSocket that is cut twice soon after it opened is replaced by polling alone", (t) => {
  const clock = mockClock(t);
  for (const reason of ["transport close", "transport error"]) {
    const manager = openManager();
    manager.connect(clock, "websocket", 500, reason);
    assert.deepEqual(manager.opts.transports, ["websocket", "polling"]);
    manager.connect(clock, "websocket", 9_000, reason);
    assert.deepEqual(manager.opts.transports, ["polling"]);
    manager.connect(clock, "polling", 500, reason); // the server has restarted
    assert.deepEqual(manager.opts.transports, ["websocket", "polling"]);
  }
});

test("a WebSocket that ends later, or that the page closes, is tried again", (t) => {
  const clock = mockClock(t);
  const manager = openManager();
  manager.connect(clock, "websocket", 11_000);
  assert.deepEqual(manager.opts.transports, ["websocket", "polling"]);
  manager.connect(clock, "websocket", 10, "forced close");
  assert.deepEqual(manager.opts.transports, ["websocket", "polling"]);
});
