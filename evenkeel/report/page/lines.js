// Line charts: mean and band over traces, all values under the pointer, zoom along x.

// Mean, lowest and highest of a curve's traces at each x.
function summarized(curve) {
  const mean = [], low = [], high = [];
  curve.x.forEach((x, i) => {
    const values = curve.y.map((trace) => trace[i]).filter((y) => y !== null);
    const at = (y) => ({ x, y: values.length ? y : NaN });
    mean.push(at(values.reduce((sum, y) => sum + y, 0) / values.length));
    low.push(at(Math.min(...values)));
    high.push(at(Math.max(...values)));
  });
  return { ...curve, mean, low, high };
}

function lineSets(curves) {
  const paper = style("paper");
  return curves.flatMap((curve, index) => {
    const colour = colourOf(curve.colour);
    const marked = new Set(curve.markers);
    const line = {
      index, data: curve.mean, order: 1, borderColor: colour, borderWidth: 1.8, borderJoinStyle: "round",
      borderDash: curve.dashed ? [6, 4] : [], pointStyle: shapes[curve.shape],
      pointRadius: curve.mean.map((_, i) => (marked.has(i) ? 3.6 : 0)),
      pointBackgroundColor: curve.dashed ? paper : colour, pointBorderColor: colour, pointBorderWidth: 1.4,
    };
    if (curve.y.length < 2) return [line];
    const edge = { index, order: 2, borderWidth: 0, pointRadius: 0 };
    return [
      { ...edge, data: curve.low },
      { ...edge, data: curve.high, fill: "-1", backgroundColor: `${colour}2b` },
      line,
    ];
  });
}

function lineScales(spec) {
  const values = spec.levels.map((level) => level.value).filter((value) => value !== null && (!spec.logY || value > 0));
  const x = axis({ type: spec.logX ? "logarithmic" : "linear" });
  x.grid = { ...x.grid, drawOnChartArea: false };
  const y = axis({ type: spec.logY ? "logarithmic" : "linear" });
  y.grid = { ...y.grid, drawTicks: false, drawBorder: false };
  if (values.length) Object.assign(y, { suggestedMin: Math.min(...values), suggestedMax: Math.max(...values) });
  if (!spec.logY) y.afterDataLimits = addRoom;
  if (spec.names.length) {
    x.ticks = { ...x.ticks, maxRotation: 50, minRotation: 50, callback: (value) => spec.names[value] ?? "" };
    x.afterBuildTicks = (scale) => {
      const all = spec.names.map((_, value) => ({ value }));
      scale.ticks = all.filter(({ value }) => value >= scale.min && value <= scale.max);
    };
  }
  return { x, y };
}

// Levels with their names, the line under the pointer and the stretch that is being chosen.
function overlay(spec, state) {
  const horizontal = (chart, y) => {
    const { ctx, chartArea: area } = chart;
    ctx.beginPath();
    ctx.moveTo(area.left, y);
    ctx.lineTo(area.right, y);
    ctx.stroke();
  };
  const level = (chart, { value, label }) => {
    const { ctx, chartArea: area } = chart;
    const y = chart.scales.y.getPixelForValue(value);
    if (value === null || !(y >= area.top - 1 && y <= area.bottom + 1)) return;
    ctx.setLineDash([2, 3]);
    ctx.strokeStyle = style("muted");
    horizontal(chart, y);
    ctx.setLineDash([]);
    ctx.font = font(12);
    ctx.textAlign = "right";
    ctx.lineWidth = 4;
    ctx.strokeStyle = style("paper");
    ctx.fillStyle = style("muted");
    const base = y < area.top + 16 ? y + 14 : y - 5;
    ctx.strokeText(label, area.right, base);
    ctx.fillText(label, area.right, base);
    ctx.lineWidth = 1;
  };
  const pointer = (chart) => {
    const { ctx, chartArea: area } = chart;
    const x = chart.scales.x.getPixelForValue(state.x);
    ctx.strokeStyle = style("muted");
    ctx.beginPath();
    ctx.moveTo(x, area.top);
    ctx.lineTo(x, area.bottom);
    ctx.stroke();
  };
  return {
    beforeDatasetsDraw(chart) {
      chart.ctx.save();
      chart.ctx.lineWidth = 1;
      for (const one of spec.levels) level(chart, one);
      chart.ctx.restore();
    },
    afterDatasetsDraw(chart) {
      const { ctx, chartArea: area } = chart;
      ctx.save();
      ctx.lineWidth = 1;
      if (state.x !== null) pointer(chart);
      if (state.drag) {
        ctx.fillStyle = `${style("accent")}33`;
        ctx.fillRect(state.drag.from, area.top, state.drag.to - state.drag.from, area.bottom - area.top);
      }
      ctx.restore();
    },
  };
}

// The place in rising `points` whose x is nearest.
function nearest(points, x) {
  let low = 0, high = points.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (points[middle].x < x) low = middle;
    else high = middle;
  }
  return high > 0 && Math.abs(points[high].x - x) < Math.abs(points[low].x - x) ? high : low;
}

// Each trace's value, or where they are many how far they reach.
function tracesText({ labels }, values) {
  if (values.length < 2) return "";
  const text = (value) => (value === null ? "–" : readable(value));
  if (values.length <= 5) return labels.map((label, n) => `${label} ${text(values[n])}`).join(", ");
  const known = values.filter((y) => y !== null);
  return `${readable(Math.min(...known))} to ${readable(Math.max(...known))}, ${known.length} of ${values.length}`;
}

// Shows what all curves are at the measured x that is nearest to a pixel.
function showValues(view, pixel) {
  const { chart, spec, curves, state, tip, hidden } = view;
  const scale = chart.scales.x;
  const wanted = scale.getValueForPixel(pixel);
  const distance = (x) => Math.abs(scale.getPixelForValue(x) - pixel);
  const places = curves.map((curve, i) => (hidden.has(i) || !curve.x.length ? -1 : nearest(curve.mean, wanted)));
  const found = places.map((place, i) => (place < 0 ? Infinity : curves[i].x[place]));
  const x = found.reduce((best, one) => (distance(one) < distance(best) ? one : best), Infinity);
  if (!Number.isFinite(x)) return hideValues(view);
  state.x = x;
  tip.replaceChildren();
  element(tip, "div", "head", spec.names.length ? spec.names[x] : `${spec.x} ${Number(x.toPrecision(9))}`);
  curves.forEach((curve, i) => {
    // Its own point, where it has one here: nothing between points is made up.
    const place = places[i] < 0 ? -1 : nearest(curve.mean, x);
    if (place < 0 || Math.abs(scale.getPixelForValue(curve.x[place]) - scale.getPixelForValue(x)) > 3) return;
    const values = curve.y.map((trace) => trace[place]);
    const known = values.filter((y) => y !== null);
    const mean = known.length ? readable(curve.mean[place].y) : "none";
    tipRow(tip, colourOf(curve.colour), curve.dashed, curve.name, mean, known.length ? tracesText(curve, values) : "");
  });
  placeTip(tip, scale.getPixelForValue(x), chart.height / 2, chart.width);
  chart.draw();
}

function hideValues({ state, tip, chart }) {
  state.x = null;
  tip.hidden = true;
  chart.draw();
}

function zoomTo(view, min, max) {
  Object.assign(view.chart.options.scales.x, { min, max });
  view.reset.hidden = min === undefined;
  view.chart.update("none");
}

// A drag along x zooms, a double click or the button shows all again, arrow keys walk along the points.
function listen(view) {
  const { canvas, chart, state } = view;
  const inside = (event) => {
    const { left, right } = chart.chartArea;
    return Math.max(left, Math.min(right, event.clientX - canvas.getBoundingClientRect().left));
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    state.drag = { from: inside(event), to: inside(event) };
    canvas.setPointerCapture(event.pointerId);
    showValues(view, inside(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (state.drag) state.drag.to = inside(event);
    showValues(view, inside(event));
  });
  canvas.addEventListener("pointerup", () => {
    const { drag } = state;
    state.drag = null;
    if (!drag || Math.abs(drag.to - drag.from) < 10) return chart.draw();
    hideValues(view);
    const ends = [drag.from, drag.to].map((pixel) => chart.scales.x.getValueForPixel(pixel)).sort((a, b) => a - b);
    zoomTo(view, ...ends);
  });
  canvas.addEventListener("pointercancel", () => { state.drag = null; hideValues(view); });
  canvas.addEventListener("pointerleave", () => { if (!state.drag) hideValues(view); });
  canvas.addEventListener("blur", () => hideValues(view));
  canvas.addEventListener("dblclick", () => zoomTo(view));
  view.reset.addEventListener("click", () => zoomTo(view));
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") { hideValues(view); zoomTo(view); }
    if (!step) return;
    event.preventDefault();
    const { min, max } = chart.scales.x;
    const stops = [...new Set(view.curves.flatMap((curve, i) => (view.hidden.has(i) ? [] : curve.x)))]
      .filter((x) => x >= min && x <= max).sort((a, b) => a - b);
    const at = state.x === null ? (step > 0 ? -1 : stops.length) : stops.indexOf(state.x);
    const next = stops[Math.max(0, Math.min(stops.length - 1, at + step))];
    if (next !== undefined) showValues(view, chart.scales.x.getPixelForValue(next));
  });
}

function listenToLegend(view, figure) {
  for (const button of figure.querySelectorAll(".legend button"))
    button.onclick = () => {
      const index = Number(button.dataset.curve);
      const hide = !view.hidden.has(index);
      if (hide) view.hidden.add(index);
      else view.hidden.delete(index);
      button.setAttribute("aria-pressed", String(!hide));
      for (const set of view.chart.data.datasets) if (set.index === index) set.hidden = hide;
      view.chart.update("none");
    };
}

function drawLines(figure, spec) {
  const state = { x: null, drag: null };
  const curves = spec.curves.map(summarized);
  const made = stage(figure);
  const reset = element(made.plot, "button", "reset", "Show all");
  reset.type = "button";
  reset.hidden = true;
  const chart = new Chart(made.canvas, {
    type: "line",
    data: { datasets: lineSets(curves) },
    options: { ...common, scales: lineScales(spec) },
    plugins: [overlay(spec, state)],
  });
  const view = { ...made, spec, curves, state, reset, chart, hidden: new Set() };
  listen(view);
  listenToLegend(view, figure);
  return { chart, remove: () => { chart.destroy(); made.box.remove(); made.tip.remove(); reset.remove(); } };
}
