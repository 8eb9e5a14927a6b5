// Dot charts: a row per name, its name above a line of points.

const rowHeight = 56, rowLine = 36, spread = 5, axisHeight = 32;

function dotSets(rows) {
  const at = (row, i, value, offset = 0) => ({ x: value ?? NaN, y: i + (rowLine + spread * offset) / rowHeight });
  const sets = [];
  rows.forEach((row, i) => {
    const colour = colourOf(row.colour);
    sets.push({
      data: row.dots.map((dot) => at(row, i, dot.value, dot.offset)), texts: row.dots, row, order: 2, clip: 8, pointRadius: 4,
      pointBackgroundColor: `${colour}c0`, pointBorderColor: style("paper"), pointBorderWidth: 1,
    });
    sets.push({
      data: row.marks.map((mark) => at(row, i, mark.value)), texts: row.marks, row, order: 1, clip: 8, pointRadius: 5.5,
      pointStyle: row.marks.map((mark) => shapes[mark.shape]), pointBackgroundColor: style("paper"),
      pointBorderColor: colour, pointBorderWidth: 1.8,
    });
  });
  return sets;
}

function extentOf(rows) {
  const values = rows.flatMap((row) => [
    ...row.dots.map((dot) => dot.value), ...row.marks.map((mark) => mark.value), ...(row.range ?? []),
    ...(row.mean === undefined ? [] : [row.mean - (row.error ?? 0), row.mean + (row.error ?? 0)]),
  ]).filter((value) => value !== null && Number.isFinite(value));
  if (!values.length) return {};
  return { suggestedMin: Math.min(...values), suggestedMax: Math.max(...values) };
}

// Names, ranges, means and their bars, behind the points.
const rowPainter = (rows) => ({
  beforeDatasetsDraw(chart) {
    const { ctx, chartArea: area } = chart;
    const at = (value) => chart.scales.x.getPixelForValue(value);
    const path = (width, colour, ...ends) => {
      ctx.lineWidth = width;
      ctx.strokeStyle = colour;
      ctx.beginPath();
      for (const [x1, y1, x2, y2] of ends) { ctx.moveTo(x1, y1); ctx.lineTo(x2, y2); }
      ctx.stroke();
    };
    const text = (what, x, y) => {
      // Grid lines end before letters.
      ctx.lineWidth = 4;
      ctx.strokeStyle = style("paper");
      ctx.strokeText(what, x, y);
      ctx.fillText(what, x, y);
    };
    const height = (area.bottom - area.top) / rows.length;
    ctx.save();
    rows.forEach((row, i) => {
      const top = area.top + i * height, y = top + (height * rowLine) / rowHeight, colour = colourOf(row.colour);
      if (i > 0) path(1, style("line"), [area.left, top, area.right, top]);
      ctx.fillStyle = style("ink");
      ctx.font = font(13.5, "600");
      text(row.name, area.left + 2, top + 18);
      const end = area.left + 12 + ctx.measureText(row.name).width;
      ctx.fillStyle = style("muted");
      ctx.font = font(12.5);
      text(row.text, end, top + 18);
      if (row.range) {
        ctx.fillStyle = style("range");
        ctx.fillRect(at(row.range[0]), y - 9, Math.max(2, at(row.range[1]) - at(row.range[0])), 18);
      }
      if (row.mean === undefined || row.mean === null) return;
      if (row.error) {
        const low = at(row.mean - row.error), high = at(row.mean + row.error);
        path(1.4, colour, [low, y, high, y], [low, y - 3, low, y + 3], [high, y - 3, high, y + 3]);
      }
      path(2.5, colour, [at(row.mean), y - 10, at(row.mean), y + 10]);
    });
    ctx.restore();
  },
});

// The point under the pointer, or near it.
function showDot({ chart, spec, tip, canvas }, event) {
  const { left, top } = canvas.getBoundingClientRect();
  const x = event.clientX - left, y = event.clientY - top;
  let best = null, distance = 18;
  chart.data.datasets.forEach((set, n) => {
    chart.getDatasetMeta(n).data.forEach((point, i) => {
      const away = Math.hypot(point.x - x, point.y - y);
      if (away < distance) { best = { set, text: set.texts[i], point }; distance = away; }
    });
  });
  tip.hidden = !best;
  if (!best) return;
  tip.replaceChildren();
  element(tip, "div", "head", spec.x);
  tipRow(tip, colourOf(best.set.row.colour), best.set.row.marks === best.set.texts, `${best.set.row.name}, ${best.text.label}`,
    readable(best.text.value));
  placeTip(tip, best.point.x, best.point.y, chart.width);
}

function drawDots(figure, spec) {
  const { rows } = spec;
  const made = stage(figure, rows.length * rowHeight + axisHeight);
  const x = axis({ type: "linear", afterDataLimits: addRoom, ...extentOf(rows) });
  const chart = new Chart(made.canvas, {
    type: "scatter",
    data: { datasets: dotSets(rows) },
    options: {
      ...common,
      scales: { x, y: { display: false, reverse: true, min: 0, max: rows.length } },
    },
    plugins: [rowPainter(rows)],
  });
  const view = { ...made, chart, spec };
  for (const kind of ["pointermove", "pointerdown"]) made.canvas.addEventListener(kind, (event) => showDot(view, event));
  made.canvas.addEventListener("pointerleave", () => { made.tip.hidden = true; });
  return { chart, remove: () => { chart.destroy(); made.box.remove(); made.tip.remove(); } };
}
