// Keeps a page up to date and draws its chart. Everything else works without it.
"use strict";

(() => {
  const pause = 15000; // between two updates, in milliseconds
  let paused = false;
  let timer = 0;
  let asking = null; // the request in progress

  // Makes `old` like `fresh` node by node, so that focus, selection, scroll positions and what the
  // reader has opened stay.
  function mend(old, fresh) {
    if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) {
      old.replaceWith(document.importNode(fresh, true));
      return;
    }
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
      return;
    }
    if (old.hasAttribute("data-keep")) {
      // Filled by this script.
      if (!fresh.hasAttribute("data-keep")) old.replaceWith(document.importNode(fresh, true));
      else if (old.dataset.unit !== fresh.dataset.unit) old.dataset.unit = fresh.dataset.unit;
      return;
    }
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && !(name === "open" && old.nodeName === "DETAILS")) {
        old.removeAttribute(name);
      }
    }
    for (const { name, value } of [...fresh.attributes]) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    mendChildren(old, fresh);
  }

  const keyOf = (node) => (node.dataset && node.dataset.key) || node.id || "";

  // Rows keep their nodes when others come or go before them.
  function mendChildren(old, fresh) {
    const wanted = new Set([...fresh.childNodes].map(keyOf));
    let at = old.firstChild;
    for (const node of fresh.childNodes) {
      const key = keyOf(node);
      while (at && keyOf(at) && !wanted.has(keyOf(at))) {
        const gone = at;
        at = at.nextSibling;
        gone.remove();
      }
      const same = key ? [...old.children].find((child) => keyOf(child) === key) : at && !keyOf(at) && at;
      if (!same) {
        old.insertBefore(document.importNode(node, true), at);
        continue;
      }
      if (same === at) at = at.nextSibling;
      else old.insertBefore(same, at);
      mend(same, node);
    }
    while (at) {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
    }
  }

  async function update() {
    asking = new AbortController();
    try {
      const answer = await fetch(location.href, {
        headers: { Accept: "text/html" },
        credentials: "same-origin",
        redirect: "error",
        signal: asking.signal,
      });
      // Somebody at this address guesses the token: what is shown stays until the wait is over.
      if (answer.status === 429) throw new Error("asked to wait");
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const updated = fresh.getElementById("updated");
      const main = fresh.getElementById("main");
      if (main && !updated) {
        // The form to sign in, which is no page to keep up to date.
        location.reload();
        return;
      }
      if (!main) throw new Error("not a page of affsync");
      document.title = fresh.title;
      mend(document.getElementById("main"), main);
      mend(document.getElementById("updated"), updated);
      document.body.classList.remove("lost");
      chart.update();
    } catch (error) {
      if (error.name === "AbortError") return;
      const updated = document.getElementById("updated");
      if (updated && !document.body.classList.contains("lost")) {
        document.body.classList.add("lost");
        updated.prepend("affsync does not answer. ");
      }
    } finally {
      asking = null;
    }
  }

  function plan() {
    clearTimeout(timer);
    if (paused || document.hidden) return;
    timer = setTimeout(async () => {
      await update();
      plan();
    }, pause);
  }

  function watch() {
    const button = document.getElementById("pause");
    if (!button) return; // the form to sign in: what is typed there stays
    button.hidden = false;
    button.addEventListener("click", () => {
      paused = !paused;
      button.setAttribute("aria-pressed", String(paused));
      plan();
    });
    document.addEventListener("visibilitychange", async () => {
      if (document.hidden) {
        if (asking) asking.abort();
      } else if (!paused) {
        await update();
      }
      plan();
    });
    plan();
  }

  // Bars from the figures of a table: the first cell of a row is the day, one cell has data-value.
  const chart = {
    plot: null,
    place: null,

    data() {
      const days = [];
      const values = [];
      for (const row of document.querySelectorAll(`#${this.place.dataset.of} tbody tr`)) {
        const cell = row.querySelector("[data-value]");
        if (!cell) continue;
        days.push(Date.parse(`${row.cells[0].textContent.trim()}T00:00:00Z`) / 1000);
        values.push(cell.dataset.value === "" ? null : Number(cell.dataset.value)); // "": unknown
      }
      return [days, values];
    },

    options(width) {
      const style = getComputedStyle(document.documentElement);
      const color = (name) => style.getPropertyValue(name).trim();
      const font = "12px system-ui, sans-serif";
      const number = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
      const small = new Intl.NumberFormat("en", { maximumSignificantDigits: 4, maximumFractionDigits: 18 });
      const day = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", timeZone: "UTC" });
      const told = (value) => (Math.abs(value) < 1 ? small : number).format(value).replaceAll(",", "\u202f");
      const ruler = document.createElement("canvas").getContext("2d");
      ruler.font = font;
      // As wide as the longest amount: one that is cut off is another amount.
      const room = (_, texts) => 20 + Math.max(50, ...(texts || []).map((text) => ruler.measureText(text).width));
      const axis = { stroke: color("--dim"), font, ticks: { stroke: color("--line"), width: 1 } };
      return {
        width,
        height: 190,
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
        cursor: { drag: { x: false, y: false }, points: { show: false } },
        legend: { live: true, markers: { show: false } },
        scales: { x: { range: (_, first, last) => [first - 43200, last + 43200] }, y: { range: (_, least, most) => [Math.min(0, least), most > 0 ? most * 1.05 : 1] } },
        series: [
          { label: "Day", value: (_, seconds) => (seconds == null ? "–" : new Date(seconds * 1000).toISOString().slice(0, 10)) },
          {
            label: this.place.dataset.unit,
            fill: color("--bar"),
            stroke: color("--bar"),
            width: 0,
            paths: uPlot.paths.bars({ size: [0.72, 40] }),
            points: { show: false },
            value: (_, value) => (value == null ? "–" : told(value)),
          },
        ],
        axes: [
          { ...axis, grid: { show: false }, values: (_, splits) => splits.map((at) => day.format(at * 1000)), space: 60, incrs: [86400, 7 * 86400, 14 * 86400, 28 * 86400] },
          { ...axis, grid: { stroke: color("--line"), width: 1 }, size: room, values: (_, splits) => splits.map(told) },
        ],
      };
    },

    draw() {
      if (this.plot) this.plot.destroy();
      this.plot = new uPlot(this.options(this.place.clientWidth), this.data(), this.place);
    },

    update() {
      if (this.place && this.place.isConnected) this.plot.setData(this.data());
      else this.start();
    },

    start() {
      if (this.plot) this.plot.destroy();
      this.plot = null;
      this.place = document.querySelector(".plot");
      if (!this.place || typeof uPlot === "undefined") return;
      this.place.hidden = false;
      this.draw();
    },

    watch() {
      this.start();
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
        if (this.plot) this.draw();
      });
      addEventListener("resize", () => {
        if (this.plot) this.plot.setSize({ width: this.place.clientWidth, height: 190 });
      });
    },
  };

  chart.watch();
  watch();
})();
