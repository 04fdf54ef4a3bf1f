import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { frame, OPTIONS, refused, state } from "./support/state.js";
import { entriesOf } from "../../static/js/state/store.js";
import * as controls from "../../static/js/panels/controls.js";

/** @param {import("node:test").TestContext} t */
function openControls(t) {
  const page = openPage(t, { only: "#panel_controls" });
  page.mount("#panel_controls", controls);
  return page;
}

const ENTRIES = entriesOf({ text: "", checksum: "", options: OPTIONS });
const OPTIONS_AS_TYPED = Object.fromEntries(
  Object.entries(ENTRIES).filter(([name]) => name in OPTIONS),
);

test("learn sends the sentences and the options as typed", async (t) => {
  const page = openControls(t);
  page.connection.begin();
  page.store.editDraft("text", "one\ntwo");
  page.type("#opt_hidden_sizes", " 30,10 ");
  await page.click("#learn");
  const options = { ...OPTIONS_AS_TYPED, hidden_sizes: " 30,10 " };
  assert.deepEqual(page.connection.sent("learn"), [{ text: "one\ntwo", options }]);
});

test("learn is busy until the server has answered", async (t) => {
  const page = openControls(t);
  page.connection.begin();
  await page.click("#learn");
  assert.equal(page.get("#learn").ariaBusy, "true");
  page.connection.answer("learn", { ok: true });
  await page.settle();
  assert.equal(page.get("#learn").ariaBusy, null);
});

test("learn sends values that a script has set without an event", async (t) => {
  const page = openControls(t);
  page.connection.begin();
  /** @type {HTMLInputElement} */ (page.get("#opt_clip")).value = "3";
  await page.click("#learn");
  assert.equal(page.connection.sent("learn")[0].options.clip, "3");
});

test("pause and resume each send their event with an empty payload", async (t) => {
  const page = openControls(t);
  page.connection.begin();
  await page.click("#stop");
  await page.click("#resume");
  assert.deepEqual(page.connection.sent("pause"), [{}]);
  assert.deepEqual(page.connection.sent("resume"), [{}]);
});

test("resume is highlighted only while the network is paused", (t) => {
  const page = openControls(t);
  page.connection.begin({ status: "paused" });
  assert.ok(page.get("#resume").matches(".suggested"));
  page.connection.emit("frame", frame({ status: "learning" }));
  assert.ok(!page.get("#resume").matches(".suggested"));
});

test("an error of learn is shown at its field, which gets the focus", async (t) => {
  const page = openControls(t);
  page.connection.begin();
  page.connection.answers("learn", refused("sizes_unreadable", "hidden_sizes"));
  await page.click("#learn");
  assert.equal(page.errorCode("#hidden_sizes_error"), "sizes_unreadable");
  assert.equal(page.get("#opt_hidden_sizes").ariaInvalid, "true");
  assert.equal(document.activeElement?.id, "opt_hidden_sizes");
  assert.deepEqual(page.store.page.notices, []);
});

test("an error without a field becomes a notice and does not move the focus", async (t) => {
  const page = openControls(t);
  page.connection.begin();
  page.connection.answers("learn", refused("busy"));
  page.get("#learn").focus();
  await page.click("#learn");
  assert.deepEqual(
    page.store.page.notices.map(({ code, level }) => [code, level]),
    [["busy", "error"]],
  );
  assert.equal(document.activeElement?.id, "learn");
});

test("editing a field clears its error", async (t) => {
  const page = openControls(t);
  page.connection.begin();
  page.connection.answers("learn", refused("number_unreadable", "clip"));
  await page.click("#learn");
  page.type("#opt_clip", "4");
  assert.equal(page.errorCode("#clip_error"), null);
  assert.equal(page.get("#opt_clip").ariaInvalid, null);
});

test("the panel's state is loading, unedited or edited", async (t) => {
  const page = openControls(t);
  assert.equal(page.state("#panel_controls"), "loading");
  page.connection.begin();
  assert.equal(page.state("#panel_controls"), "unedited");
  page.type("#opt_l2", "0.1");
  assert.equal(page.state("#panel_controls"), "edited");
  assert.equal(page.get("#edited").hidden, false);
  page.type("#opt_l2", "0.000001");
  assert.equal(page.state("#panel_controls"), "unedited");
  assert.equal(page.get("#edited").hidden, true);
});

test("accepted entries no longer count as edited", async (t) => {
  const page = openControls(t);
  page.connection.begin();
  page.connection.answers("learn", { ok: true });
  page.type("#opt_letter_size", "7");
  await page.click("#learn");
  assert.equal(page.state("#panel_controls"), "unedited");
});

test("refused entries still count as edited", async (t) => {
  const page = openControls(t);
  page.connection.begin();
  page.connection.answers("learn", refused("out_of_range", "letter_size"));
  page.type("#opt_letter_size", "700");
  await page.click("#learn");
  assert.equal(page.state("#panel_controls"), "edited");
  assert.equal(page.value("#opt_letter_size"), "700");
});

test("a state overwrites every field except those that the user has edited", (t) => {
  const page = openControls(t);
  page.connection.begin();
  page.type("#opt_letter_size", "7");
  const options = { ...OPTIONS, letter_size: 9, clip: 2 };
  page.connection.emit("state", state({ version: 2, options }));
  assert.equal(page.value("#opt_letter_size"), "7");
  assert.equal(page.value("#opt_clip"), "2");
});

test("the learning-rate slider sends the learning rate, not its logarithm", async (t) => {
  const page = openControls(t);
  page.connection.begin();
  page.type("#lr_slider", "-3");
  await page.settle();
  assert.deepEqual(page.connection.sent("set"), [{ learning_rate: 0.001 }]);
});

test("while a request is in flight, only the slider's latest value is queued", async (t) => {
  const page = openControls(t);
  page.connection.begin();
  for (const at of ["-3", "-3.5", "-4"]) page.type("#lr_slider", at);
  page.connection.answer("set", { ok: true });
  await page.tick(100);
  assert.deepEqual(page.connection.sent("set"), [
    { learning_rate: 0.001 },
    { learning_rate: 0.0001 },
  ]);
});

test("a typed learning rate is sent as typed, and its error is shown at the field", async (t) => {
  const page = openControls(t);
  page.connection.begin();
  page.connection.answers("set", refused("out_of_range", "learning_rate"));
  await page.choose("#lr_typed", "7");
  assert.deepEqual(page.connection.sent("set"), [{ learning_rate: "7" }]);
  assert.equal(page.errorCode("#lr_error"), "out_of_range");
  assert.equal(page.value("#lr_typed"), "7");
});

test("Escape discards a refused learning rate and restores the server's", async (t) => {
  const page = openControls(t);
  page.connection.begin({ learning_rate: 0.02 });
  page.connection.answers("set", refused("out_of_range", "learning_rate"));
  await page.choose("#lr_typed", "7");
  page.press("#lr_typed", "Escape");
  assert.equal(page.errorCode("#lr_error"), null);
  assert.equal(page.value("#lr_typed"), "0.02000");
});

test("a frame updates the learning rate, unless the user is editing it", async (t) => {
  const page = openControls(t);
  page.connection.begin();
  page.connection.answers("set", { ok: true });
  page.connection.emit("frame", frame({ learning_rate: 0.001 }));
  assert.equal(page.value("#lr_slider"), "-3");
  page.type("#lr_slider", "-4");
  page.connection.emit("frame", frame({ learning_rate: 0.01 }));
  assert.equal(page.value("#lr_slider"), "-4");
  await page.tick(1_000);
  assert.equal(page.value("#lr_slider"), "-2");
});

test("an option edited before the panel is mounted counts as an edit", (t) => {
  const page = openPage(t, { only: "#panel_controls" });
  /** @type {HTMLInputElement} */ (page.get("#opt_clip")).value = "3";
  page.mount("#panel_controls", controls);
  page.connection.begin();
  assert.equal(page.store.page.draft.clip, "3");
  assert.equal(page.state("#panel_controls"), "edited");
});

test("every option has a label and is described by its error", (t) => {
  const page = openControls(t);
  const entries = page.all("#newnet [id^=opt_]");
  assert.deepEqual(
    entries.map(({ id }) => id),
    Object.keys(OPTIONS_AS_TYPED).map((name) => `opt_${name}`),
  );
  for (const { id, tabIndex } of [...entries, page.get("#lr_typed")]) {
    const described = page.get(`#${id}`).getAttribute("aria-describedby")?.split(" ") ?? [];
    const errors = described.filter((each) => each.endsWith("_error"));
    assert.equal(page.get(`#${errors[0]}`).getAttribute("role"), "alert");
    assert.equal(tabIndex, 0);
    assert.ok(page.get(`#${id}`).ariaLabel ?? page.get(`label[for=${id}]`).textContent);
  }
});

test("the options are those of the current network", (t) => {
  const page = openControls(t);
  /** @type {import("../../static/js/protocol").Hyperparameters} */
  const options = {
    ...OPTIONS,
    kind: "gru",
    hidden_sizes: [7, 6, 5],
    schedule: "cosine",
    schedule_epochs: 50,
    validation_fraction: 0.25,
  };
  page.connection.begin({ options });
  for (const [name, value] of /** @type {const} */ ([
    ["kind", "gru"],
    ["hidden_sizes", "7, 6, 5"],
    ["letter_size", "5"],
    ["l2", "0.000001"],
    ["schedule", "cosine"],
    ["schedule_epochs", "50"],
    ["validation_fraction", "0.25"],
  ])) {
    assert.equal(page.value(`#opt_${name}`), value);
  }
});

test("each new error replaces the previous one", async (t) => {
  const page = openControls(t);
  page.connection.begin();
  page.connection.answers(
    "learn",
    refused("number_unreadable", "schedule_epochs"),
    refused("out_of_range", "validation_fraction"),
  );
  await page.click("#learn");
  assert.equal(page.errorCode("#schedule_epochs_error"), "number_unreadable");
  await page.click("#learn");
  assert.equal(page.errorCode("#schedule_epochs_error"), null);
  assert.equal(page.errorCode("#validation_fraction_error"), "out_of_range");
  assert.equal(document.activeElement?.id, "opt_validation_fraction");
});

test("pause and resume are busy until the server has answered", async (t) => {
  const page = openControls(t);
  page.connection.begin();
  for (const [button, event] of /** @type {const} */ ([
    ["#stop", "pause"],
    ["#resume", "resume"],
  ])) {
    page.get(button).click();
    assert.equal(page.get(button).ariaBusy, "true"); // immediately
    page.connection.answer(event, refused("busy"));
    await page.settle();
    assert.equal(page.get(button).ariaBusy, null);
  }
});

test("without a connection learn sends nothing and is not busy afterwards", async (t) => {
  const page = openControls(t);
  page.connection.begin();
  page.connection.lose();
  await page.click("#learn");
  assert.deepEqual(page.connection.sent("learn"), []);
  assert.equal(page.get("#learn").ariaBusy, null);
  assert.deepEqual(
    page.store.page.notices.map(({ code }) => code),
    ["not_connected"],
  );
});

test("the learning rate after a rollback is shown, even beyond the slider's range", (t) => {
  const page = openControls(t);
  page.connection.begin({ learning_rate: 0.5 });
  assert.equal(page.value("#lr_slider"), "-1.95");
  assert.equal(page.value("#lr_typed"), "0.50000");
  page.connection.emit("frame", frame({ learning_rate: 0.00001, recoveries: 1 }));
  assert.equal(page.value("#lr_slider"), "-5");
  assert.equal(page.get("#lr_text").textContent, "0.00001");
});

test("the seed of the network is shown, and can be entered for the next one", async (t) => {
  const page = openControls(t);
  assert.equal(page.state("#seed_used"), "empty");
  page.connection.begin({ seed: 4_711 });
  assert.equal(page.state("#seed_used"), "shown");
  assert.equal(page.get(".seed-number").textContent, "4711");
  assert.equal(page.value("#opt_seed"), "auto");
  await page.click("#seed_used button");
  assert.equal(page.value("#opt_seed"), "4711");
  assert.equal(page.store.page.draft.seed, "4711");
});

test("a loaded network has no seed to show", (t) => {
  const page = openControls(t);
  page.connection.begin({ seed: null });
  assert.equal(page.state("#seed_used"), "empty");
});

test("a size enters its options, and the options select the size", async (t) => {
  const page = openControls(t);
  const about = () => page.get("#size_about").textContent;
  page.connection.begin(); // with the options of the original demo
  assert.equal(page.value("#size"), "original");
  page.type("#opt_seed", "7");
  await page.choose("#size", "large");
  assert.notEqual(page.value("#opt_hidden_sizes"), OPTIONS_AS_TYPED.hidden_sizes);
  assert.equal(page.value("#opt_seed"), "7");
  assert.equal(page.state("#panel_controls"), "edited");
  const large = about();
  assert.ok(large);
  page.type("#opt_hidden_sizes", "33");
  assert.equal(page.value("#size"), "");
  assert.equal(about(), "");
  await page.choose("#size", "original");
  assert.equal(page.value("#opt_hidden_sizes"), OPTIONS_AS_TYPED.hidden_sizes);
  assert.notEqual(about(), large);
});

test("before the first state the size of a new session is shown", (t) => {
  const page = openControls(t);
  assert.ok(page.value("#size"));
  assert.ok(page.get("#size_about").textContent);
});
