// What line and dot charts have in common.

const shapes = ["circle", "rect", "triangle", "rectRot", "crossRot", "cross", "line"];

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const colourOf = (index) => style(`c${index}`);
const font = (size, weight = "") => `${weight} ${size}px ${getComputedStyle(document.body).fontFamily}`;

// At most six digits, without zeros that say nothing: "0.974", "2.5·10⁻⁷".
function readable(value) {
  const size = Math.abs(value);
  if (value === 0 || (size >= 1e-4 && size < 1e15)) return String(Number(value.toPrecision(6)));
  const [mantissa, power] = Number(value.toPrecision(6)).toExponential().split("e");
  const raised = [...power.replace("+", "")].map((c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]).join("");
  return (mantissa === "1" ? "" : `${mantissa}·`) + `10${raised}`;
}

function element(parent, tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}

// The canvas that takes the place of the figure's picture, and the box that shows values.
function stage(figure, height) {
  const plot = figure.querySelector(".plot");
  const box = element(plot, "div", "canvas");
  if (height) box.style.height = `${height}px`;
  const canvas = element(box, "canvas");
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", figure.querySelector("svg.still").getAttribute("aria-label"));
  const tip = element(plot, "div", "tip");
  tip.setAttribute("role", "status");
  tip.hidden = true;
  return { plot, box, canvas, tip };
}

// Beside the pointer, on the side where there is more room.
function placeTip(tip, x, y, width) {
  tip.hidden = false;
  const left = x > width / 2 ? x - tip.offsetWidth - 14 : x + 14;
  tip.style.left = `${Math.max(0, Math.min(left, width - tip.offsetWidth))}px`;
  tip.style.top = `${Math.max(0, y - tip.offsetHeight / 2)}px`;
}

function tipRow(tip, colour, dashed, name, value, more) {
  const row = element(tip, "div", dashed ? "row dashed" : "row");
  row.style.setProperty("--c", colour);
  element(row, "i");
  element(row, "span", "", name);
  element(row, "b", "", value);
  if (more) element(row, "small", "", more);
}

// Five or so round numbers; on a log axis powers of ten, and 2 and 5 times them where there are few.
function roundTicks(scale) {
  const { min, max } = scale;
  const ticks = [];
  const decades = scale.type === "logarithmic" ? Math.log10(max / min) : 0;
  if (decades >= 0.7) {  // a shorter log axis has the ticks of a linear one
    const every = Math.max(1, Math.ceil(decades / 8));
    for (let power = Math.floor(Math.log10(min)); power <= Math.log10(max); power += every)
      for (const leading of decades > 2.5 ? [1] : [1, 2, 5]) ticks.push(leading * 10 ** power);
  } else if (max > min) {
    const rough = (max - min) / 5, power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((leading) => rough / power < leading * 1.5 || leading === 10);
    for (let n = Math.ceil(min / step - 1e-9); n * step <= max + 1e-9 * step; ++n) ticks.push(n * step);
  }
  const slack = 1e-9 * (max - min);
  scale.ticks = ticks.filter((value) => value >= min - slack && value <= max + slack).map((value) => ({ value }));
}

// Room at both ends; where values begin near zero, the axis begins there.
function addRoom(scale) {
  const room = 0.04 * (scale.max - scale.min);
  const fromZero = scale.axis === "y" && scale.min >= 0 && scale.min < 0.3 * scale.max;
  scale.min = fromZero ? 0 : scale.min - room;
  scale.max += room;
}

function axis(options) {
  const muted = style("muted");
  return {
    bounds: "data",
    grid: { color: style("line"), borderColor: muted, tickColor: muted, tickLength: 4 },
    ticks: { color: muted, font: { size: 12 }, padding: 4, maxRotation: 0, callback: readable },
    afterBuildTicks: roundTicks,
    ...options,
  };
}

const common = {
  animation: false,
  responsive: true,
  maintainAspectRatio: false,
  parsing: false,
  events: [],
  plugins: { legend: { display: false }, tooltip: { enabled: false } },
};
