// Puts a chart in the place of every picture, again when the system turns dark or light. Where one cannot be drawn, its
// picture stays.

const drawn = new Map();

function drawAll() {
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  const specs = JSON.parse(document.getElementById("charts").textContent);
  document.querySelectorAll("figure.chart").forEach((figure, i) => {
    drawn.get(figure)?.remove();
    for (const button of figure.querySelectorAll(".legend button")) button.setAttribute("aria-pressed", "true");
    figure.classList.add("live");
    try {
      drawn.set(figure, (specs[i].kind === "lines" ? drawLines : drawDots)(figure, specs[i]));
      figure.dataset.drawn = "true";
    } catch (problem) {
      figure.classList.remove("live");
      console.error(problem);
    }
  });
}

drawAll();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
