"use strict";
// Draws the timelines. Times are milliseconds after the start of the story.
(() => {
  const NS = "http://www.w3.org/2000/svg";
  const GUTTER = 168, RIGHT = 36, TOP = 42;
  const steps = [1e3, 5e3, 15e3, 60e3, 300e3, 900e3, 1800e3, 3600e3, 10800e3, 21600e3, 43200e3, 86400e3, 172800e3, 604800e3, 2592000e3];

  const since = (t) => {
    const s = Math.floor(t / 1000), p = (n) => String(n).padStart(2, "0");
    const h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60, r = s % 60;
    return "+" + h + "h" + (m || r ? p(m) + "m" : "") + (r ? p(r) + "s" : "");
  };
  const el = (name, attrs, parent) => {
    const e = document.createElementNS(NS, name);
    for (const k in attrs) e.setAttribute(k, attrs[k]);
    if (parent) parent.appendChild(e);
    return e;
  };

  class Chart {
    constructor(box, data) {
      this.box = box; this.data = data;
      this.from = 0; this.to = Math.max(data.span, 1);
      this.tip = document.createElement("div");
      this.tip.className = "tip"; this.tip.hidden = true;
      box.appendChild(this.tip);
      this.at = null;
      box.addEventListener("wheel", (e) => this.zoom(e), { passive: false });
      box.addEventListener("mousemove", (e) => this.move(e));
      box.addEventListener("mouseleave", () => { this.tip.hidden = true; });
      box.addEventListener("mousedown", (e) => { this.grab = { x: e.clientX, from: this.from, to: this.to }; });
      window.addEventListener("mouseup", () => { this.grab = null; });
      box.addEventListener("dblclick", () => { this.from = 0; this.to = this.data.span; this.draw(); });
      box.addEventListener("keydown", (e) => this.key(e));
      new ResizeObserver(() => this.draw()).observe(box);
    }
    x(t) { return GUTTER + (t - this.from) / (this.to - this.from) * (this.width - GUTTER - RIGHT); }
    t(x) { return this.from + (x - GUTTER) / (this.width - GUTTER - RIGHT) * (this.to - this.from); }

    zoom(e) {
      const x = e.clientX - this.box.getBoundingClientRect().left;
      if (x < GUTTER) return;
      e.preventDefault();
      const at = this.t(x), by = Math.exp(Math.sign(e.deltaY) * 0.25);
      const span = Math.min(this.data.span, Math.max(10e3, (this.to - this.from) * by));
      this.shift(at - (at - this.from) / (this.to - this.from) * span, span);
    }
    shift(from, span) {
      this.from = Math.max(0, Math.min(from, this.data.span - span));
      this.to = this.from + span;
      this.draw();
    }
    move(e) {
      const box = this.box.getBoundingClientRect(), x = e.clientX - box.left;
      if (this.grab) {
        const g = this.grab, by = (e.clientX - g.x) / (this.width - GUTTER - RIGHT) * (g.to - g.from);
        this.shift(g.from - by, g.to - g.from);
      }
      this.cursor(x < GUTTER ? null : this.t(x));
      const text = e.target.dataset ? e.target.dataset.tip : "";
      this.tip.hidden = !text;
      if (text) {
        this.tip.textContent = text;
        const left = Math.min(x + 12, this.width - this.tip.offsetWidth - 8);
        this.tip.style.left = left + "px";
        this.tip.style.top = (e.clientY - box.top + 16) + "px";
      }
    }
    key(e) {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
      if (!by) return;
      e.preventDefault();
      const t = (this.at === null ? this.from : this.at) + by * (e.shiftKey ? 3600e3 : 60e3);
      this.cursor(Math.max(0, Math.min(this.data.span, t)));
    }
    cursor(t) {
      this.at = t;
      if (!this.line) return;
      const show = t !== null && t >= this.from && t <= this.to;
      this.line.setAttribute("visibility", show ? "visible" : "hidden");
      this.when.setAttribute("visibility", show ? "visible" : "hidden");
      if (!show) return;
      const x = this.x(t);
      this.line.setAttribute("x1", x); this.line.setAttribute("x2", x);
      this.when.setAttribute("x", Math.min(Math.max(x, GUTTER + 70), this.width - 90));
      this.when.textContent = since(t) + "  ·  " + this.local(t);
    }
    local(t) {
      const d = new Date(this.data.start + t), o = { timeZone: this.data.zone || "UTC", weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
      try { return d.toLocaleString("en-GB", o); } catch { return d.toUTCString(); }
    }
    // span draws what lasts from a to b, at least two pixels wide, and only what can be seen.
    span(cls, a, b, y, h, tip, parent) {
      b = b === null ? this.data.span : b;
      if (b < this.from || a > this.to) return null;
      const x = Math.max(this.x(a), GUTTER - 4), r = Math.min(this.x(b), this.width - RIGHT + 4);
      const e = el("rect", { class: cls, x, y, width: Math.max(2, r - x), height: h, rx: Math.min(3, h / 3) }, parent);
      e.dataset.tip = tip;
      return e;
    }
    seen(t) { return t >= this.from && t <= this.to; }

    draw() {
      this.width = this.box.clientWidth;
      if (!this.width) return;
      const d = this.data, old = this.box.querySelector("svg");
      const svg = el("svg", {}), body = el("g", {}, svg);
      let y = TOP;
      for (const lane of d.lanes) y = this.lane(lane, y, body);
      const height = y + 4;
      svg.setAttribute("viewBox", `0 0 ${this.width} ${height}`);
      svg.setAttribute("height", height);
      const back = el("g", {});
      svg.insertBefore(back, body);
      this.axis(back, height);
      for (const [a, b] of d.down) this.span("down", a, b, TOP - 12, height - TOP + 8, "the engine does not run\n" + since(a), back);
      for (const s of d.steps) if (this.seen(s[0])) {
        el("path", { class: "step", d: `M${this.x(s[0]) - 4} 24h8l-4 6z` }, back).dataset.tip = since(s[0]) + "\n" + s[1];
      }
      for (const s of d.expects) if (this.seen(s[0])) {
        const e = el("rect", { class: s[1] ? "expect" : "expect bad", x: this.x(s[0]) - 3, y: 32, width: 6, height: 6, transform: `rotate(45 ${this.x(s[0])} 35)` }, back);
        e.dataset.tip = since(s[0]) + "\n" + (s[1] ? "as expected: " : "not as expected: ") + s[2];
      }
      this.line = el("line", { class: "cursor", y1: 18, y2: height, visibility: "hidden" }, svg);
      this.when = el("text", { class: "when", y: 12, "text-anchor": "middle", visibility: "hidden" }, svg);
      if (old) old.replaceWith(svg); else this.box.appendChild(svg);
      this.cursor(this.at);
    }
    axis(g, height) {
      const room = (this.width - GUTTER - RIGHT) / 90, want = (this.to - this.from) / Math.max(2, room);
      const by = steps.find((s) => s >= want) || steps[steps.length - 1];
      for (let t = Math.ceil(this.from / by) * by; t <= this.to; t += by) {
        const x = this.x(t);
        el("line", { class: "gridline", x1: x, x2: x, y1: 26, y2: height }, g);
        el("text", { x, y: 12, "text-anchor": "middle" }, g).textContent = since(t);
      }
    }
    lane(lane, y, g) {
      const title = el("text", { class: "lock", x: 16, y: y + 13 }, g);
      title.textContent = lane.id;
      if (lane.model) el("text", { x: GUTTER - 10, y: y + 13, "text-anchor": "end" }, g).textContent = lane.model;
      el("line", { class: "rule", x1: 0, x2: this.width, y1: y - 3, y2: y - 3 }, g);
      for (const f of lane.faults) {
        const r = this.span("fault", f[0], f[1], y + 2, 14, f[2] + "\n" + since(f[0]) + (f[1] === null ? " until the end" : " – " + since(f[1])), g);
        if (r && +r.getAttribute("width") > 7 * f[2].length) {
          el("text", { class: "faultname", x: +r.getAttribute("x") + 5, y: y + 13, "pointer-events": "none" }, g).textContent = f[2];
        }
      }
      y += 20;
      for (const c of lane.codes) {
        const label = el("text", { x: 28, y: y + 13 }, g);
        label.textContent = c.id.length > 20 ? c.id.slice(0, 19) + "…" : c.id;
        label.dataset.tip = c.id + "\n" + c.tip;
        if (c.wished) this.span("wished", c.wished[0], c.wished[1], y + 3, 14, c.id + ": wished\n" + since(c.wished[0]) + (c.wished[1] === null ? ", ongoing" : " – " + since(c.wished[1])), g);
        for (const h of c.held) this.span(h[2] ? "held" : "waiting", h[0], h[1], y + 7, 6, c.id + (h[2] ? ": held, opens" : ": held, its own schedule keeps it shut") + "\n" + since(h[0]) + (h[1] === null ? "" : " – " + since(h[1])), g);
        for (const x of c.exposed) this.span("exposed", x[0], x[1], y + 5, 10, c.id + ": exposure\n" + since(x[0]) + (x[1] === null ? ", it goes on" : " – " + since(x[1])), g);
        for (const k of c.tries) this.mark(k, y + 10, g);
        y += 20;
      }
      for (const k of lane.tries) this.mark(k, y + 6, g);
      for (const k of lane.calls) if (this.seen(k[0])) {
        const tall = k[1] === "observe" ? 3 : 6;
        const e = el("path", { class: "call " + k[1] + (k[3] ? "" : " failed"), d: `M${this.x(k[0])} ${y + 6 - tall}v${2 * tall}` }, g);
        e.dataset.tip = since(k[0]) + "\n" + k[2];
      }
      return y + 20;
    }
    mark(k, y, g) {
      if (!this.seen(k[0])) return;
      const x = this.x(k[0]);
      const e = k[1] ? el("circle", { class: "opens", cx: x, cy: y, r: 4.5 }, g)
        : el("path", { class: "refused", d: `M${x - 3.5} ${y - 3.5}l7 7m0-7l-7 7` }, g);
      e.dataset.tip = since(k[0]) + "\n" + k[2];
    }
  }

  const charts = (story) => {
    for (const box of story.querySelectorAll(".chart")) {
      if (!box.chart) box.chart = new Chart(box, JSON.parse(document.getElementById(box.dataset.of).textContent));
    }
  };
  for (const story of document.querySelectorAll(".story")) {
    story.addEventListener("toggle", () => story.open && charts(story));
    if (story.open) charts(story);
  }
  document.getElementById("theme").addEventListener("click", () => {
    const root = document.documentElement, dark = getComputedStyle(root).colorScheme === "dark";
    root.className = dark ? "light" : "dark";
  });
})();
