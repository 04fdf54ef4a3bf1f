import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.js";
import { frame, state } from "./support/state.js";
import * as prediction from "../../static/js/panels/prediction.js";

test("the greedy prediction is that of the latest state or frame, unchanged", (t) => {
  const page = openPage(t, { only: "#panel_prediction" });
  page.mount("#panel_prediction", prediction);
  const shown = () => page.get("#argmax .apred").textContent;
  assert.equal(shown(), "");
  page.connection.begin({ greedy: null });
  assert.equal(shown(), "");
  for (const greedy of ["so   far", "<script>a()</script>", " "]) {
    page.connection.emit("frame", frame({ greedy }));
    assert.equal(shown(), greedy);
  }
  page.connection.emit("frame", frame());
  assert.equal(shown(), " ");
  page.connection.emit("state", state({ version: 2, greedy: null }));
  assert.equal(shown(), "");
  assert.equal(page.get("#argmax").querySelector("script"), null);
});
