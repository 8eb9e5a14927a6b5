// Makes the pictures of charts answer: values under the pointer, zoom along x, curves that hide. The picture is the one
// that the page has without a script. What is in it is moved; only ticks are made anew, by the rules of charts/axis.cpp.

// At most six digits, without zeros that say nothing: "0.974", "2.5·10⁻⁷".
function readable(value) {
  const size = Math.abs(value);
  if (value === 0 || (size >= 1e-4 && size < 1e15)) return String(Number(value.toPrecision(6)));
  const [mantissa, power] = Number(value.toPrecision(6)).toExponential().split("e");
  const raised = [...power.replace("+", "")].map((c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]).join("");
  return `${mantissa}·10${raised}`.replace(/^(-?)1·/, "$1");
}

const percent = (position) => `${(100 * position).toFixed(2)}%`;
const nearest = (list, distance) => list.reduce((a, b) => (distance(b) < distance(a) ? b : a), list[0]);

function element(parent, tag, attributes = {}, text = "") {
  const made = parent instanceof SVGElement ? document.createElementNS("http://www.w3.org/2000/svg", tag)
                                            : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  parent.append(made);
  return made;
}

// `low` and `high` are logarithms on a log axis.
class Axis {
  constructor(low, high, log) { Object.assign(this, { low, high, log }); }
  at(value) { return ((this.log ? Math.log10(value) : value) - this.low) / (this.high - this.low); }
  // The part between two positions of 0 to 1, and the positions of a part.
  part(ends) { return new Axis(...ends.map((end) => this.low + end * (this.high - this.low)), this.log); }
  ends({ low, high }) { return [low, high].map((end) => (end - this.low) / (this.high - this.low)); }
  ticks() {
    const { low, high, log } = this, ticks = [];
    if (log && high - low >= 0.7) {
      const every = Math.max(1, Math.ceil((high - low) / 8));
      for (let power = Math.floor(low); power <= high; power += every)
        for (const leading of high - low > 2.5 ? [1] : [1, 2, 5]) ticks.push(leading * 10 ** power);
    } else {
      const [from, to] = log ? [10 ** low, 10 ** high] : [low, high];
      const rough = (to - from) / 5, power = 10 ** Math.floor(Math.log10(rough));
      const step = power * [1, 2, 5, 10].find((leading) => rough / power < 1.5 * leading || leading === 10);
      for (let n = Math.ceil(from / step - 1e-9); n * step <= to + 1e-9 * step; ++n) ticks.push(n * step);
    }
    return ticks.filter((tick) => this.at(tick) > -1e-9 && this.at(tick) < 1 + 1e-9);
  }
}

// The axis over some values, with room as the whole one has it; that one where they have no extent.
function fitted(values, whole) {
  const ends = values.map((value) => (whole.log ? Math.log10(value) : value));
  const low = ends.reduce((a, b) => Math.min(a, b), Infinity), high = ends.reduce((a, b) => Math.max(a, b), -Infinity);
  const room = 0.04 * (high - low);
  if (!(high - low > 1e-12 * Math.max(Math.abs(low), Math.abs(high)))) return whole;
  return new Axis(!whole.log && low >= 0 && low < 0.3 * high ? 0 : low - room, high + room, whole.log);
}

// What line and dot charts have in common: the box that shows values, at what the pointer or an arrow key is.
class Chart {
  constructor(figure) {
    figure.classList.add("live");
    this.plot = figure.querySelector(".plot");
    this.svg = figure.querySelector(".picture");
    this.tip = element(this.plot, "div", { class: "tip", role: "status", hidden: "" });
    this.shown = null;
    this.svg.setAttribute("tabindex", "0");
    for (const kind of ["pointerdown", "pointermove"])
      this.svg.addEventListener(kind, (event) => this.show(this.nearestTo(...this.place(event))));
    for (const kind of ["pointerleave", "pointercancel", "blur"])
      this.svg.addEventListener(kind, (event) => {  // what a finger showed stays, for it always leaves
        if (kind !== "pointerleave" || event.pointerType !== "touch") this.hide();
      });
    this.svg.addEventListener("keydown", (event) => this.press(event));
  }
  size() { return this.svg.getBoundingClientRect(); }
  // Of a pointer, in pixels of the plot.
  place({ clientX, clientY }) {
    const { left, top, width } = this.size();
    return [Math.max(0, Math.min(width, clientX - left)), clientY - top];
  }
  press(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key], stops = this.stops();
    if (event.key === "Escape") this.hide();
    if (!step || !stops.length) return;
    event.preventDefault();
    const at = this.shown === null ? (step > 0 ? -1 : stops.length) : stops.indexOf(this.shown);
    this.show(stops[Math.max(0, Math.min(stops.length - 1, at + step))]);
  }
  // Beside a place of the plot, on the side where there is more room.
  open(shown, x, y, head) {
    const { tip, plot } = this, inside = this.size(), outside = plot.getBoundingClientRect();
    this.shown = shown;
    tip.hidden = false;
    if (head) tip.prepend(Object.assign(document.createElement("div"), { className: "head", textContent: head }));
    x += inside.left - outside.left;
    const left = x > outside.width / 2 ? x - tip.offsetWidth - 14 : x + 14;
    tip.style.left = `${Math.max(0, Math.min(left, outside.width - tip.offsetWidth))}px`;
    tip.style.top = `${Math.max(0, inside.top - outside.top + y - tip.offsetHeight / 2)}px`;
  }
  row(style, name, value, more) {
    const row = element(this.tip, "div", { class: `row ${style}` });
    element(row, "i");
    element(row, "span", {}, name);
    element(row, "b", {}, value);
    if (more) element(row, "small", {}, more);
  }
  hide() {
    this.shown = null;
    this.tip.hidden = true;
    this.tip.replaceChildren();
  }
}

class Dots extends Chart {
  constructor(figure) {
    super(figure);
    this.head = figure.querySelector(".x-label")?.textContent ?? "";
    this.dots = [...this.svg.querySelectorAll("title")].map((title) => {
      const [, name, value] = title.textContent.match(/(.*): (.*)/s), drawn = title.parentElement;
      title.remove();  // the browser would show it as well
      return { drawn, name, value };
    });
  }
  stops() { return this.dots; }
  centre({ drawn }) {
    const box = drawn.getBoundingClientRect(), { left, top } = this.size();
    return [box.left + box.width / 2 - left, box.top + box.height / 2 - top];
  }
  nearestTo(x, y) {
    const distance = (dot) => Math.hypot(this.centre(dot)[0] - x, this.centre(dot)[1] - y);
    const dot = nearest(this.dots, distance);
    return dot && distance(dot) < 18 ? dot : null;
  }
  show(dot) {
    this.hide();
    if (!dot) return;
    this.row(dot.drawn.getAttribute("class").replace("hollow", "dashed"), dot.name, dot.value);
    this.open(dot, ...this.centre(dot), this.head);
  }
}

class Lines extends Chart {
  constructor(figure, spec) {
    super(figure);
    this.spec = spec;
    this.whole = Object.fromEntries(["x", "y"].map((n) => [n, new Axis(spec[n].low, spec[n].high, spec[n].log)]));
    this.hidden = new Set();
    this.range = [0, 1];  // what is seen of x
    this.moved = [...this.svg.querySelectorAll(".level, use")].map((drawn) => ({
      drawn, x: parseFloat(drawn.getAttribute("x")) / 100, y: parseFloat(drawn.getAttribute("y")) / 100,
    }));
    this.pointer = element(this.svg, "line", { class: "pointer", y2: "100%", visibility: "hidden" });
    this.chosen = element(this.svg, "rect", { class: "chosen", height: "100%" });
    this.reset = element(this.plot, "button", { class: "reset", type: "button", hidden: "" }, "Show all");
    this.listen(figure);
    new ResizeObserver(() => this.layout()).observe(this.svg);
    this.layout();
  }
  listen(figure) {
    const { svg } = this, whole = () => this.zoom([0, 1]);
    let from = null;  // where a drag began
    const ends = (event) => [from, this.place(event)[0]].sort((a, b) => a - b);
    const choose = ([low, high]) => {
      this.chosen.setAttribute("x", low);
      this.chosen.setAttribute("width", high - low);
    };
    svg.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      [from] = this.place(event);
      svg.setPointerCapture(event.pointerId);
    });
    svg.addEventListener("pointermove", (event) => { if (from !== null) choose(ends(event)); });
    svg.addEventListener("pointerup", (event) => {
      const [low, high] = ends(event), { width } = this.size();
      if (from === null || high - low < 10) return;
      this.zoom(this.whole.x.ends(this.x.part([low / width, high / width])));
    });
    for (const kind of ["pointerup", "pointercancel"])
      svg.addEventListener(kind, () => { from = null; choose([0, 0]); });
    svg.addEventListener("dblclick", whole);
    svg.addEventListener("keydown", ({ key }) => { if (key === "Escape") whole(); });
    this.reset.addEventListener("click", whole);
    for (const button of figure.querySelectorAll(".legend button"))
      button.addEventListener("click", () => this.toggle(button));
  }
  zoom(range) {
    this.hide();
    this.range = range;
    this.reset.hidden = range[0] === 0 && range[1] === 1;
    this.layout();
  }
  toggle(button) {
    const index = Number(button.dataset.curve), hide = !this.hidden.delete(index);
    if (hide) this.hidden.add(index);
    button.setAttribute("aria-pressed", String(!hide));
    for (const part of this.svg.querySelectorAll(`[data-curve="${index}"]`)) part.classList.toggle("gone", hide);
    this.hide();
    this.layout();
  }
  seen() { return this.spec.curves.filter((_, index) => !this.hidden.has(index)); }
  isIn(x) { return this.x.at(x) > -1e-9 && this.x.at(x) < 1 + 1e-9; }
  // Both axes for what is seen, and all that is drawn in its place on them.
  layout() {
    const { whole, svg, spec } = this, all = this.reset.hidden && !this.hidden.size;
    this.x = whole.x.part(this.range);
    const values = this.seen().flatMap(({ x, y }) => y.flatMap((trace) => trace.filter((_, i) => this.isIn(x[i]))));
    this.y = all ? whole.y : fitted([...values.filter((value) => value !== null), ...spec.levels], whole.y);
    const [left, right] = this.range, [bottom, top] = whole.y.ends(this.y);
    const view = [left, 1 - top, right - left, top - bottom].map((value) => 10000 * value);
    svg.querySelector(".window").setAttribute("viewBox", view.join(" "));
    svg.classList.toggle("zoomed", !this.reset.hidden);
    for (const { drawn, x, y } of this.moved) {
      const across = (x - left) / (right - left), down = (y - 1 + top) / (top - bottom);
      if (across >= 0) drawn.setAttribute("x", percent(across));
      drawn.setAttribute("y", percent(down));
      drawn.classList.toggle("outside", across < 0 || across > 1 || down < -1e-3 || down > 1.001);
    }
    this.ticks();
  }
  ticks() {
    const rows = this.svg.querySelector(".rows"), columns = this.svg.querySelector(".columns"), { names } = this.spec;
    rows.replaceChildren();
    columns.replaceChildren();
    for (const tick of this.y.ticks()) {
      const row = element(rows, "svg", { y: percent(1 - this.y.at(tick)) });
      element(row, "line", { class: "grid", x2: "100%" });
      element(row, "text", { class: "tick end", x: -8, y: 4 }, readable(tick));
    }
    const places = names.length ? names.map((_, i) => i).filter((i) => this.isIn(i)) : this.x.ticks();
    const every = names.length ? Math.floor(places.length / Math.max(1, Math.floor(this.size().width / 14))) + 1 : 1;
    places.filter((_, i) => i % every === 0).forEach((tick) => {
      const column = element(columns, "svg", { x: percent(this.x.at(tick)), y: "100%" });
      const slant = { class: "tick end", transform: "translate(4,14) rotate(-45)" };
      if (!names.length) element(column, "path", { class: "base", d: "M0,0v4" });
      element(column, "text", names.length ? slant : { class: "tick mid", y: 18 }, names[tick] ?? readable(tick));
    });
  }
  // Every measured x that is seen, in order.
  stops() { return [...new Set(this.seen().flatMap(({ x }) => x))].filter((x) => this.isIn(x)).sort((a, b) => a - b); }
  nearestTo(pixel) {
    const { width } = this.size();
    return nearest(this.stops(), (x) => Math.abs(this.x.at(x) * width - pixel)) ?? null;
  }
  show(x) {
    this.hide();
    if (x === null) return;
    const { width, height } = this.size(), { names, label } = this.spec, here = this.x.at(x);
    const away = (other) => Math.abs(this.x.at(other) - here);
    for (const curve of this.seen()) {
      // Its own point, where it has one here: nothing between points is made up.
      const own = nearest(curve.x, away);
      if (own === undefined || away(own) * width > 3) continue;
      const values = curve.y.map((trace) => trace[curve.x.indexOf(own)]), known = values.filter((y) => y !== null);
      const mean = known.length ? readable(known.reduce((a, b) => a + b) / known.length) : "none";
      this.row(`c${curve.colour}${curve.dashed ? " dashed" : ""}`, curve.name, mean, this.traces(curve, values, known));
    }
    for (const end of ["x1", "x2"]) this.pointer.setAttribute(end, percent(here));
    this.pointer.setAttribute("visibility", "visible");
    this.open(x, here * width, height / 2, names.length ? names[x] : `${label} ${Number(x.toPrecision(9))}`);
  }
  // Each trace's value, or where they are many how far they reach.
  traces({ labels }, values, known) {
    if (values.length < 2 || !known.length) return "";
    if (values.length <= 5)
      return labels.map((label, i) => `${label} ${values[i] === null ? "–" : readable(values[i])}`).join(", ");
    return `${readable(Math.min(...known))} to ${readable(Math.max(...known))}, ${known.length} of ${values.length}`;
  }
  hide() {
    super.hide();
    this.pointer?.setAttribute("visibility", "hidden");
  }
}

const specs = JSON.parse(document.getElementById("plots").textContent);
document.querySelectorAll("figure.lines").forEach((figure, i) => new Lines(figure, specs[i]));
document.querySelectorAll("figure.dots").forEach((figure) => new Dots(figure));
