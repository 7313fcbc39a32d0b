// The pages of the daemon in a browser: accessible by axe (WCAG 2.2 AA), usable without scripts, loading
// nothing from elsewhere, and kept up to date without losing the reader's place.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import puppeteer from "puppeteer-core";

import { Stage } from "./daemon.mjs";

const axe = readFileSync(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const token = "planted-0123456789abcdef";
// As long as the name of a source may be.
const long_name = "a-very-long-source-name.with_dots-and.more-too-wide-name-a-very-";

const stage = new Stage();
let browser, broker, file, daemon;

before(async () => {
  broker = await stage.broker("wintrado", "--seed", "2", "--clients", "40", "--days", "90");
  const exchanger = await stage.broker("iexexchanger", "--seed", "3", "--days", "60");
  const other = await stage.broker("iexexchanger", "--seed", "5", "--days", "60");
  const yaml = (http) => `
database: {url: embedded, state_dir: "@folder@/state"}
http: {listen: "127.0.0.1:0"${http}}
defaults: {every: 1h}
sources:
  - name: northfx
    connector: wintrado
    base_url: "${broker}"
    credentials: {username: partner@example.com, password: sandbox-password}
    rate_limit: {requests_per_second: 100, burst: 100, concurrency: 2}
  - name: obmen24
    connector: iexexchanger
    base_url: "${exchanger}"
    credentials: {api_key: sandbox-key}
  - name: ${long_name}
    connector: iexexchanger
    base_url: "${other}"
    credentials: {api_key: sandbox-key}
  - name: gone
    connector: iexexchanger
    base_url: "http://127.0.0.1:1"
    credentials: {api_key: sandbox-key}
`;
  file = stage.configure("affsync.yaml", yaml(""));
  stage.guarded = stage.configure("guarded.yaml", yaml(`, token: "${token}"`));
  // The source that is gone makes the status 1.
  assert.equal(await stage.command(file, "sync", "--source", "northfx", "--source", "obmen24", "--source", long_name), 0);
  await change("do=pay&feed=ledger&rows=6");
  await change("do=correct&feed=ledger&rows=3&seed=7");
  assert.equal(await stage.command(file, "sync", "--source", "northfx", "--full"), 0);
  assert.equal(await stage.command(file, "sync", "--source", "gone"), 1);
  daemon = await stage.daemon(file);
  browser = await puppeteer.launch({
    executablePath: "/usr/bin/chromium",
    headless: true,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
});

after(async () => {
  if (browser) await browser.close();
  await stage.end();
});

async function change(what) {
  const answer = await fetch(`${broker}/sandbox/control?${what}`, { method: "POST" });
  assert.equal(answer.status, 200);
}

// A page that fails the test if it loads anything from elsewhere or complains.
async function open(path, { width = 1280, scheme = "light", scripts = true, base = daemon.address, script } = {}) {
  const page = await browser.newPage();
  page.complaints = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(base)) page.complaints.push(`asked for ${request.url()}`);
  });
  page.on("pageerror", (error) => page.complaints.push(error.message));
  page.on("console", (message) => {
    const expected = /status of 401/.test(message.text());
    if (message.type() === "error" && !expected) page.complaints.push(message.text());
  });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.setJavaScriptEnabled(scripts);
  await page.setViewport({ width, height: 900 });
  if (script) await page.evaluateOnNewDocument(script);
  await page.goto(base + path, { waitUntil: "load" });
  return page;
}

async function close(page) {
  assert.deepEqual(page.complaints, []);
  await page.close();
}

async function violations(page) {
  const session = await page.createCDPSession();
  await session.send("Page.setBypassCSP", { enabled: true });
  await page.evaluate(axe);
  const result = await page.evaluate(() =>
    globalThis.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }),
  );
  return result.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" | ")}`);
}

const paths = ["/", "/sources/northfx", "/sources/gone", "/sources/northfx/commissions", "/connectors", "/connectors/exness", "/nowhere"];

for (const path of paths) {
  for (const width of [1280, 390]) {
    for (const scheme of ["light", "dark"]) {
      test(`axe finds nothing on ${path} at ${width}, ${scheme}`, async () => {
        const page = await open(path, { width, scheme });
        if (path === "/nowhere") page.complaints = [];
        await page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = true)));
        assert.deepEqual(await violations(page), []);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(overflow, 0, "the page scrolls sideways");
        await close(page);
      });
    }
  }
}

test("the page shows money, problems and what mends them, in that order", async () => {
  const page = await open("/");
  const headings = await page.$$eval("main h2", (all) => all.map((one) => one.textContent));
  assert.deepEqual(headings, ["Earned", "Balances", "Unpaid commission", "Payouts", "Taken back", "Needs attention", "Being read now", "Sources"]);
  const text = await page.$eval("main", (main) => main.innerText);
  assert.match(text, /northfx/);
  assert.match(await page.$eval("#taken-caption", (one) => one.closest("table").innerText), /northfx/);
  const concern = await page.$eval(".concern", (one) => one.innerText);
  assert.match(concern, /^gone .*: The latest run failed/);
  assert.match(concern, /affsync check --source gone/);
  await close(page);
});

test("each figure leads to its source and each source to its runs", async () => {
  const page = await open("/");
  await Promise.all([page.waitForNavigation(), page.click("#sources-caption ~ tbody a[href='/sources/northfx']")]);
  assert.equal(await page.title(), "northfx · affsync");
  await Promise.all([page.waitForNavigation(), page.click("#streams-caption ~ tbody a[href='/sources/northfx/commissions']")]);
  assert.equal(await page.title(), "northfx / commissions · affsync");
  const runs = await page.$eval("#runs-caption", (one) => one.closest("table").innerText);
  assert.match(runs, /succeeded full/);
  await close(page);
});

test("without scripts everything but the chart is there", async () => {
  const with_scripts = await open("/");
  const without = await open("/", { scripts: false });
  const tables = (page) => page.$$eval("table:has(caption)", (all) => all.map((one) => one.caption.textContent));
  assert.deepEqual(await tables(without), await tables(with_scripts));
  assert.equal((await without.$$("canvas")).length, 0);
  assert.equal((await with_scripts.$$("canvas")).length, 1);
  const days = await without.$$eval("#by-day tbody tr", (rows) => rows.length);
  assert.ok(days >= 29, `${days} days`);
  assert.equal(await without.$eval("#pause", (button) => button.hidden), true);
  await close(with_scripts);
  await close(without);
});

test("the chart has a bar for each day of its table", async () => {
  const page = await open("/");
  const bars = await page.$eval("#plot", (place) => place.querySelectorAll("canvas").length);
  assert.equal(bars, 1);
  const legend = await page.$eval("#plot .u-legend", (one) => one.innerText);
  assert.match(legend, /USD/);
  // The colours follow the scheme.
  const pixels = () => page.$eval("#plot canvas", (canvas) => canvas.toDataURL().length);
  const light = await pixels();
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
  await page.waitForFunction((before) => document.querySelector("#plot canvas").toDataURL().length !== before, {}, light);
  await close(page);
});

// A long name takes no more of a table than its share.
for (const width of [1280, 390]) {
  test(`a long name of a source leaves its figures in sight at ${width}`, async () => {
    const page = await open("/", { width });
    for (const table of ["earned", "balances", "unpaid"]) {
      const hidden = await page.$eval(`#${table}-caption`, (caption) => {
        const region = caption.closest(".wide").getBoundingClientRect();
        return [...caption.closest("table").querySelectorAll("tbody tr")]
          .map((row) => row.querySelector(".num"))
          .filter((cell) => cell.getBoundingClientRect().right > region.right)
          .map((cell) => cell.parentNode.innerText);
      });
      assert.deepEqual(hidden, [], table);
    }
    const wrapped = await page.$eval("#sources-caption", (caption) => caption.closest("table").innerText);
    assert.ok(wrapped.includes(long_name), "the name is there as a whole");
    await close(page);
  });
}

// The exchanger's currencies have no rate, and northfx has US dollars.
test("what is unknown in US dollars is not said to be nothing", async () => {
  const page = await open("/");
  const cells = await page.$$eval("#earned-caption ~ tbody tr", (rows) => rows.map((row) => [...row.cells].map((cell) => cell.innerText)));
  const usdt = cells.find(([source, currency]) => source === "obmen24" && currency === "USDT");
  // On the first days of a month it may have earned nothing yet.
  const [amount, usd, member] = usdt[3] === "0.00" ? [4, 6, "last_month_usd"] : [3, 5, "this_month_usd"];
  assert.notEqual(usdt[amount], "0.00", "it has earned something");
  assert.equal(usdt[usd], "unknown");
  const overview = await (await fetch(`${daemon.address}/api/overview`)).json();
  const row = overview.earnings.rows.find((one) => one.source === "obmen24" && one.currency === "USDT");
  assert.equal(row[member], null);
  assert.notEqual(overview.earnings.total[member], null, "what is known in US dollars is added up");
  assert.match(await page.$eval("main", (main) => main.innerText), /rows had no exchange rate to US dollars and are left out of these sums/);
  await close(page);
});

// Timers that run when the test says so.
const held_timers = `
  window.held = new Map();
  let next = 1000000;
  const real = window.setTimeout;
  window.setTimeout = (work, pause, ...rest) => {
    if (pause !== 15000) return real(work, pause, ...rest);
    held.set(++next, work);
    return next;
  };
  const clear = window.clearTimeout;
  window.clearTimeout = (id) => (held.delete(id) ? undefined : clear(id));
  window.tick = async () => {
    const all = [...held.values()];
    held.clear();
    for (const work of all) await work();
    return all.length;
  };
  window.away = false;
  Object.defineProperty(document, "hidden", { get: () => window.away });
  window.turn = (away) => {
    window.away = away;
    document.dispatchEvent(new Event("visibilitychange"));
  };
`;

test("an update keeps focus, scroll position and what was opened", async () => {
  const page = await open("/", { script: held_timers });
  await page.evaluate(() => {
    document.getElementById("figures-by-day").open = true;
    const link = document.querySelector("#sources-caption ~ tbody a[href='/sources/obmen24']");
    link.focus();
    link.marked = true;
    scrollTo({ top: 700, behavior: "instant" });
  });
  const place = await page.evaluate(() => scrollY);
  // Something new to show: a source that was fine fails.
  await change("do=correct&feed=ledger&rows=5&seed=11");
  assert.equal(await stage.command(file, "sync", "--source", "northfx", "--full"), 0);
  const text = () => page.$eval("#taken-caption", (one) => one.closest("table").innerText);
  const old = await text();
  await page.waitForFunction(
    async (before) => {
      await window.tick();
      return document.querySelector("#taken-caption").closest("table").innerText !== before;
    },
    { polling: 500, timeout: 60000 },
    old,
  );
  const now = await page.evaluate(() => ({
    marked: document.activeElement.marked,
    open: document.getElementById("figures-by-day").open,
    scroll: scrollY,
    canvases: document.querySelectorAll("canvas").length,
  }));
  assert.deepEqual(now, { marked: true, open: true, scroll: place, canvases: 1 });
  await close(page);
});

test("updates stop while the tab is hidden and when they are paused", async () => {
  const page = await open("/", { script: held_timers });
  let updates = 0;
  page.on("request", (request) => (updates += request.resourceType() === "fetch" ? 1 : 0));
  assert.equal(await page.evaluate(() => window.held.size), 1);
  await page.evaluate(() => window.turn(true));
  assert.equal(await page.evaluate(() => window.held.size), 0, "a timer runs while hidden");
  await page.evaluate(() => window.turn(false));
  await page.waitForFunction(() => window.held.size === 1);
  assert.equal(updates, 1, "it is up to date when it is seen again");
  await page.click("#pause");
  assert.equal(await page.$eval("#pause", (button) => button.getAttribute("aria-pressed")), "true");
  assert.equal(await page.evaluate(() => window.held.size), 0, "a timer runs while paused");
  await page.click("#pause");
  assert.equal(await page.evaluate(() => window.held.size), 1);
  await close(page);
});

test("the keyboard reaches everything, and the first stop leads to the content", async () => {
  const page = await open("/", { width: 390 });
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  const unreachable = await page.$$eval(".wide", (all) => all.filter((one) => one.scrollWidth > one.clientWidth && one.tabIndex < 0).length);
  assert.equal(unreachable, 0);
  await close(page);
});

test("the form to sign in keeps what is typed", async () => {
  await daemon.stop();
  daemon = await stage.daemon(stage.guarded);
  const page = await open("/", { script: held_timers });
  await page.type("#token", token.slice(0, 9));
  assert.equal(await page.evaluate(() => window.tick()), 0, "it updates itself");
  await page.evaluate(() => (window.turn(true), window.turn(false)));
  assert.equal(await page.$eval("#token", (field) => field.value), token.slice(0, 9));
  assert.equal(await page.$("#pause"), null, "there is nothing to pause");
  await close(page);
});

test("with a token the page asks for it, and leads where the reader wanted to go", async () => {
  const page = await open("/sources/northfx", { width: 390 });
  assert.deepEqual(await violations(page), []);
  assert.equal(await page.title(), "Sign in · affsync");
  const submit = async (text) => {
    await page.type("#token", text);
    await Promise.all([page.waitForNavigation(), page.click(".login button")]);
  };
  await submit("wrong");
  assert.equal(await page.$eval("[role=alert]", (one) => one.textContent), "That is not the token of this affsync.");
  assert.deepEqual(await violations(page), []);
  await submit(token);
  assert.equal(await page.title(), "northfx · affsync");
  assert.equal(await page.evaluate(() => document.cookie), "", "scripts see the cookie");
  assert.equal(new URL(page.url()).pathname, "/sources/northfx");
  assert.deepEqual(await violations(page), []);
  await Promise.all([page.waitForNavigation(), page.click(".out button")]);
  assert.equal(await page.title(), "Sign in · affsync");
  await close(page);
});
