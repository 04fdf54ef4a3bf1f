import assert from "node:assert/strict";
import { test } from "node:test";
import { entriesOf, isEdited, Store } from "../../static/js/state/store.js";
import { curve, frame, OPTIONS, refused, state } from "./support/state.js";

/** @param {Parameters<typeof state>[0]} [changes] */
function storeWith(changes) {
  const store = new Store();
  store.replace(state(changes));
  return store;
}

/** @param {Store} store */
function codes(store) {
  return store.page.notices.map(({ code }) => code);
}

test("a watcher is called at once, and again only when its part has changed", () => {
  const store = storeWith();
  /** @type {(number | undefined)[]} */
  const shown = [];
  store.watch(
    ({ net }) => net?.temperature,
    (temperature) => shown.push(temperature),
  );
  store.merge(frame({ steps: 300 }));
  store.merge(frame({ temperature: 0.5 }));
  assert.deepEqual(shown, [1, 0.5]);
});

test("a frame changes its fields and keeps the rest of the state", () => {
  const store = storeWith({ text: "kept", samples: ["old"] });
  store.merge(frame({ steps: 300 }));
  assert.equal(store.page.net?.steps, 300);
  assert.equal(store.page.text, "kept");
  assert.deepEqual(store.page.net?.samples, ["old"]);
});

test("a frame before the first state is dropped", () => {
  const store = new Store();
  store.merge(frame());
  assert.equal(store.page.net, null);
});

test("points of a frame are appended", () => {
  const store = storeWith({ curve: curve([1, 9], [2, 8]) });
  store.merge(frame({ curve: { ...curve([3, 7]), start: 2 } }));
  assert.deepEqual(store.page.points.steps, [1, 2, 3]);
  assert.deepEqual(store.page.points.perplexities, [9, 8, 7]);
});

test("a new version of the curve replaces every point", () => {
  const store = storeWith({ curve: curve([1, 9], [2, 8]) });
  store.merge(frame({ curve: { ...curve([4, 6]), version: 2 } }));
  assert.deepEqual(store.page.points.steps, [4]);
});

test("a state fills in untouched fields and keeps the edited ones", () => {
  const store = storeWith();
  store.editDraft("clip", "3");
  store.replace(state({ text: "new", options: { ...OPTIONS, clip: 2 } }));
  assert.equal(store.page.draft.clip, "3");
  assert.equal(store.page.draft.text, "new");
  assert.equal(isEdited(store.page), true);
});

test("a state of another session keeps every entry, and a notice says that the session is lost", () => {
  const store = storeWith({ text: "trained on", options: { ...OPTIONS, clip: 5 } });
  store.editDraft("letter_size", "7");
  store.replace(state({ session: "other", text: "from the server" }));
  assert.equal(store.page.draft.text, "trained on");
  assert.equal(store.page.draft.clip, "5");
  assert.equal(store.page.draft.letter_size, "7");
  assert.ok(isEdited(store.page));
  assert.deepEqual(codes(store), ["session_lost"]);
  store.replace(state({ session: "other", text: "from the server" }));
  assert.equal(store.page.notices.length, 1);
});

test("the long text of another session does not replace the one in the box", () => {
  const long = "a line\n".repeat(1_000);
  const store = storeWith({ text: "trained on" });
  store.replace(state({ session: "other", text: long }));
  store.setText(`of ${long}`, long);
  assert.equal(store.page.draft.text, "trained on");
  assert.equal(store.page.submitted.text, long);
});

test("the whole text fills the box when it is here, unless the user has edited it", () => {
  const long = "a line\n".repeat(1_000);
  const store = storeWith({ text: long });
  assert.equal(store.page.text, null);
  assert.equal(store.page.draft.text, "");
  store.setText("of another", "another");
  assert.equal(store.page.text, null);
  store.setText(`of ${long}`, long);
  assert.equal(store.page.draft.text, long);
  assert.equal(isEdited(store.page), false);
  store.replace(state({ text: long, version: 2 }));
  assert.equal(store.page.text, long);
  store.editDraft("text", "typed");
  store.replace(state({ text: `${long}b`, version: 3 }));
  store.setText(`of ${long}b`, `${long}b`);
  assert.equal(store.page.draft.text, "typed");
});

test("submitted entries are no longer edited", () => {
  const store = storeWith();
  store.editDraft("clip", "3");
  store.markSubmitted(store.page.draft);
  assert.equal(isEdited(store.page), false);
});

test("line ends are normalised as in a textarea, so that the text is not edited", () => {
  const { text } = entriesOf({ text: "a\r\nb\rc", checksum: "", options: OPTIONS });
  assert.equal(text, "a\nb\nc");
});

test("an error is stored with its code under its field", () => {
  const store = storeWith();
  store.setFieldErrors({ learning_rate: "lr" }, refused("out_of_range", "learning_rate"));
  assert.equal(store.page.fieldErrors.lr?.code, "out_of_range");
  assert.deepEqual(codes(store), []);
});

test("an error without a field becomes a notice with its code", () => {
  const store = storeWith();
  store.setFieldErrors({ learning_rate: "lr" }, refused("out_of_range", "temperature"));
  store.setFieldErrors({}, refused("busy"));
  assert.deepEqual(store.page.fieldErrors, {});
  assert.deepEqual(codes(store), ["out_of_range", "busy"]);
});

test("another answer about the same fields clears only their errors", () => {
  const store = storeWith();
  store.setFieldErrors({ text: "text", clip: "clip" }, refused("empty", "text"));
  store.setFieldErrors({ json: "json" }, refused("damaged", "json"));
  store.setFieldErrors({ text: "text", clip: "clip" }, refused("out_of_range", "clip"));
  assert.deepEqual(Object.keys(store.page.fieldErrors).sort(), ["clip", "json"]);
  store.setFieldErrors({ text: "text", clip: "clip" }, null);
  assert.deepEqual(Object.keys(store.page.fieldErrors), ["json"]);
});

test("a repeated error stays the same object, so it is not announced again", () => {
  const store = storeWith();
  let calls = 0;
  store.watch(
    ({ fieldErrors }) => fieldErrors.text,
    () => calls++,
  );
  store.setFieldErrors({ text: "text" }, refused("empty", "text"));
  store.setFieldErrors({ text: "text" }, refused("empty", "text"));
  assert.equal(calls, 2);
});

test("editing a field clears its own error", () => {
  const store = storeWith();
  store.setFieldErrors({ clip: "clip" }, refused("out_of_range", "clip"));
  store.editDraft("clip", "4");
  assert.deepEqual(store.page.fieldErrors, {});
});

test("a notice replaces one with the same code, and there are at most three", () => {
  const store = new Store();
  for (const code of ["a", "b", "a", "c", "d"]) {
    store.notify({ level: "info", code, message: `${code}.` });
  }
  assert.deepEqual(codes(store), ["a", "c", "d"]);
});

test("a notice is removed by its code, and dismissed by its number", () => {
  const store = new Store();
  for (const code of ["a", "b", "c"]) store.notify({ level: "info", code, message: "" });
  store.removeNotice("b");
  store.dismiss(store.page.notices[0]?.number ?? 0);
  assert.deepEqual(codes(store), ["c"]);
});
