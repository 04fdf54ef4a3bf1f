/**
 * The main path through the page, in Firefox: `node firefox.mjs ADDRESS BROWSER`. It says what
 * it has done, and ends with an error at what did not come about.
 */
import assert from "node:assert/strict";
import { setTimeout as pass } from "node:timers/promises";

import puppeteer from "puppeteer-core";

/** Long enough for a busy machine. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 50;
const SENTENCES = ["one small step", "another one", "then the next"];

const [address, executablePath] = process.argv.slice(2);
const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true });
try {
  const page = await browser.newPage();
  await page.setViewport({ width: 1440, height: 900 });
  /** @type {unknown[]} */
  const errors = [];
  page.on("pageerror", (error) => errors.push(error));
  await page.goto(address);
  await mainPath(page);
  assert.deepEqual(errors, []);
} finally {
  await browser.close();
}

/** @param {import("puppeteer-core").Page} page */
async function mainPath(page) {
  await until("it learns by itself", async () => (await figure(page, "steps")) > 0);

  await write(page, "ti", SENTENCES.join("\n"));
  await page.click("#learn");
  const letters = new Set(SENTENCES.join("")).size;
  await until("it has found the new letters", async () =>
    new RegExp(`^\\D*${letters}\\b`).test(await text(page, "prepro_status")),
  );
  await until("it does better than guessing", async () => {
    const perplexity = await figure(page, "ppl");
    return perplexity > 1 && perplexity < letters;
  });

  await move(page, "lr", 5);
  await move(page, "temperature", 2);

  await pause(page);
  const predicted = await prediction(page);

  await page.click("#savemodel");
  await until("the model is in the box", async () => (await value(page, "tio")) !== "");
  const saved = JSON.parse(await value(page, "tio"));
  assert.equal(saved.vocab.length, letters);
  assert.deepEqual(saved.hidden_sizes, [20, 20]);

  await write(page, "opt_hidden_sizes", "3");
  await page.click("#learn");
  await until(
    "another network is there",
    async () => (await state(page, "#panel_controls")) === "unedited",
  );
  await pause(page);

  await page.click("#loadmodel");
  await until(
    "the saved one is back",
    async () => (await value(page, "opt_hidden_sizes")) === "20, 20",
  );
  await until("it predicts as before", async () => (await prediction(page)) === predicted);
}

/** @param {import("puppeteer-core").Page} page */
async function pause(page) {
  await page.click("#stop");
  await until("it is paused", async () => (await state(page, ".status")) === "paused");
}

/**
 * @param {string} what
 * @param {() => Promise<boolean>} holds
 */
async function until(what, holds) {
  const end = Date.now() + PATIENCE_MS;
  while (!(await holds())) {
    assert.ok(Date.now() < end, `it did not come about that ${what}`);
    await pass(LOOK_MS);
  }
  console.log(what);
}

/**
 * Move a slider down by its keys; it shows the number whose logarithm it stands at.
 *
 * @param {import("puppeteer-core").Page} page
 * @param {"lr" | "temperature"} dial
 * @param {number} decimals
 */
async function move(page, dial, decimals) {
  const before = Number(await value(page, `${dial}_slider`));
  await page.focus(`#${dial}_slider`);
  await page.keyboard.press("ArrowLeft");
  const after = Number(await value(page, `${dial}_slider`));
  assert.ok(after < before);
  assert.equal(await text(page, `${dial}_text`), (10 ** after).toFixed(decimals));
  console.log(`${dial} is ${await text(page, `${dial}_text`)}`);
}

/**
 * Type into a box, in place of what it holds.
 *
 * @param {import("puppeteer-core").Page} page
 * @param {string} id
 * @param {string} words
 */
async function write(page, id, words) {
  await page.$eval(`#${id}`, (box) => box.select());
  await page.focus(`#${id}`);
  await page.keyboard.type(words);
}

/**
 * @param {import("puppeteer-core").Page} page
 * @param {string} id
 * @returns {Promise<string>}
 */
function text(page, id) {
  return page.$eval(`#${id}`, (element) => element.textContent);
}

/**
 * @param {import("puppeteer-core").Page} page
 * @param {string} id
 * @returns {Promise<string>}
 */
function value(page, id) {
  return page.$eval(`#${id}`, (box) => box.value);
}

/**
 * What an element says of itself to styles and tests.
 *
 * @param {import("puppeteer-core").Page} page
 * @param {string} selector
 * @returns {Promise<string | undefined>}
 */
function state(page, selector) {
  return page.$eval(selector, (element) => element.dataset.state);
}

/**
 * The number in a figure such as "perplexity: 9.31"; 0 while there is none.
 *
 * @param {import("puppeteer-core").Page} page
 * @param {string} id
 */
async function figure(page, id) {
  const shown = await page.$eval(`#${id} .figure-value`, (element) => element.textContent);
  return Number.parseFloat(shown.replaceAll(",", "")) || 0;
}

/** @param {import("puppeteer-core").Page} page */
function prediction(page) {
  return page.$eval("#argmax .apred", (element) => element.textContent);
}
