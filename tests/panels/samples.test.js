import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { frame, refused, state } from "./support/state.js";
import * as samples from "../../static/js/panels/samples.js";

/** @param {import("node:test").TestContext} t */
function openSamples(t) {
  const page = openPage(t, { only: "#panel_samples" });
  page.mount("#panel_samples", samples);
  return page;
}

/** @param {ReturnType<typeof openPage>} page */
function shown(page) {
  return page.all("#samples .apred").map(({ textContent }) => textContent);
}

test("the five samples are those of the latest state or frame", (t) => {
  const page = openSamples(t);
  assert.deepEqual(shown(page), ["", "", "", "", ""]);
  page.connection.begin({ samples: [] });
  assert.deepEqual(shown(page), ["", "", "", "", ""]);
  page.connection.emit("frame", frame({ samples: ["one", "two", "three", "four", "five"] }));
  page.connection.emit("frame", frame());
  assert.deepEqual(shown(page), ["one", "two", "three", "four", "five"]);
  page.connection.emit("state", state({ version: 2, samples: ["new"] }));
  assert.deepEqual(shown(page), ["new", "", "", "", ""]);
});

test("markup and spaces in samples are preserved", (t) => {
  const page = openSamples(t);
  const written = ["<img src=x onerror=a()>", "so   far ", " ", "&amp;", "<script>a()</script>"];
  page.connection.begin({ samples: written });
  assert.deepEqual(shown(page), written);
  assert.equal(page.get("#samples").querySelector("img, script"), null);
});

test("the temperature slider sends the temperature, not its logarithm", async (t) => {
  const page = openSamples(t);
  page.connection.begin();
  page.type("#temperature_slider", "-1");
  await page.settle();
  assert.deepEqual(page.connection.sent("set"), [{ temperature: 0.1 }]);
  assert.equal(page.get("#temperature_text").textContent, "0.10");
  assert.equal(page.get("#temperature_slider").ariaValueText, "0.10");
});

test("a refused temperature stays in its field until it is corrected", async (t) => {
  const page = openSamples(t);
  page.connection.begin();
  page.connection.answers(
    "set",
    refused("number_unreadable", "temperature"),
    refused("out_of_range", "temperature"),
    { ok: true },
  );
  for (const [typed, code] of /** @type {const} */ ([
    ["hot", "number_unreadable"],
    ["99", "out_of_range"],
  ])) {
    await page.choose("#temperature_typed", typed);
    page.connection.emit("frame", frame());
    assert.equal(page.errorCode("#temperature_error"), code);
    assert.equal(page.get("#temperature_typed").ariaInvalid, "true");
    assert.equal(page.value("#temperature_typed"), typed);
    assert.equal(page.get("#temperature_text").textContent, "1.00");
  }
  await page.choose("#temperature_typed", "1");
  assert.equal(page.errorCode("#temperature_error"), null);
  assert.equal(page.get("#temperature_typed").ariaInvalid, null);
  assert.equal(page.value("#temperature_typed"), "1.00");
  assert.deepEqual(page.store.page.notices, []);
});

test("Escape discards a refused temperature", async (t) => {
  const page = openSamples(t);
  page.connection.begin();
  page.connection.answers("set", refused("number_unreadable", "temperature"));
  await page.choose("#temperature_typed", "nearly");
  page.press("#temperature_typed", "Escape");
  assert.equal(page.errorCode("#temperature_error"), null);
  assert.equal(page.value("#temperature_typed"), "1.00");
});

test("a temperature set in another tab is followed", (t) => {
  const page = openSamples(t);
  page.connection.begin();
  page.connection.emit("frame", frame({ temperature: 0.5 }));
  assert.equal(page.value("#temperature_typed"), "0.50");
  assert.equal(Number(page.value("#temperature_slider")).toFixed(2), "-0.30");
});
