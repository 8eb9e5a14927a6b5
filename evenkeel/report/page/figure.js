// What line and dot charts have in common.

const shapes = ["circle", "rect", "triangle", "rectRot", "crossRot", "cross", "line"];

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const colourOf = (index) => style(`c${index}`);
const font = (size, weight = "") => `${weight} ${size}px ${getComputedStyle(document.body).fontFamily}`;

// At most six digits, without zeros that say nothing.
const readable = (value) => String(Number(value.toPrecision(6)));

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

function axis(options) {
  const muted = style("muted");
  return {
    grid: { color: style("line"), borderColor: muted, tickColor: muted, tickLength: 4 },
    ticks: { color: muted, font: { size: 12 }, padding: 4, maxRotation: 0, callback: readable },
    ...options,
  };
}

// Powers of ten, and 2 and 5 times them where there are few.
function roundTicks(scale) {
  const decades = Math.log10(scale.max / scale.min);
  const every = Math.max(1, Math.ceil(decades / 8));
  scale.ticks = scale.ticks.filter(({ value }) => {
    const power = Math.floor(Math.log10(value) + 1e-9);
    const leading = Math.round(value / 10 ** power);
    return decades > 2.5 ? leading === 1 && power % every === 0 : [1, 2, 5].includes(leading);
  });
}

const common = {
  animation: false,
  responsive: true,
  maintainAspectRatio: false,
  parsing: false,
  events: [],
  plugins: { legend: { display: false }, tooltip: { enabled: false } },
};
