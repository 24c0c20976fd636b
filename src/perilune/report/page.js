"use strict";
(() => {
  const text = document.getElementById("figures").textContent;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const plots = [];

  function colours() {
    return dark.matches ? { ink: "#e8e8ea", blue: "#8cc8ff", grid: "#3a3a40", paper: "#151517" } : { ink: "#1c1c1e", blue: "#0072B2", grid: "#dcdce0", paper: "#ffffff" };
  }

  function draw() {
    const c = colours();
    const figures = JSON.parse(text.replace(/@ink/g, c.ink).replace(/@blue/g, c.blue).replace(/@grid/g, c.grid).replace(/@paper/g, c.paper));
    const font = { family: "system-ui, 'Segoe UI', Roboto, Arial, sans-serif", size: 12, color: c.ink };
    const common = { font, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", hoverlabel: { bgcolor: c.paper, font }, separators: ".\u202f" };
    const config = { responsive: true, displaylogo: false, displayModeBar: false, showTips: false };
    plots.length = 0;
    return Promise.all(figures.map((figure) => {
      const element = document.getElementById("plot-" + figure.name);
      if (figure.timed) plots.push(element);
      return Plotly.react(element, figure.data, { ...figure.layout, ...common }, config);
    }));
  }

  // The range of every vertical axis over what is visible between two instants; plotly itself would take all of the curve.
  function show(element, from, to) {
    const change = { "xaxis.range": [from, to] };
    const bounds = {};
    for (const trace of element._fullData) {
      const key = "yaxis" + (trace.yaxis || "y").slice(1);
      const axis = element.layout[key];
      if (axis.type === "category") continue;
      const b = (bounds[key] ||= [Infinity, -Infinity]);
      for (let i = 0; i < trace.x.length; i++) {
        if (trace.x[i] < from || trace.x[i] > to) continue;
        if (trace.y[i] < b[0]) b[0] = trace.y[i];
        if (trace.y[i] > b[1]) b[1] = trace.y[i];
      }
    }
    for (const [key, b] of Object.entries(bounds)) {
      if (!(b[0] <= b[1])) continue;
      const pad = 0.06 * (b[1] - b[0]) || 0.5 * Math.abs(b[1]) || 1;
      change[key + ".range"] = [b[0] - pad, b[1] + pad];
    }
    return Plotly.relayout(element, change);
  }

  function choose(button) {
    for (const other of document.querySelectorAll("#spans button")) other.setAttribute("aria-pressed", String(other === button));
    return Promise.all(plots.map((element) => show(element, Number(button.dataset.from), Number(button.dataset.to))));
  }

  for (const button of document.querySelectorAll("#spans button")) button.addEventListener("click", () => choose(button));
  dark.addEventListener("change", draw);
  draw().then(() => document.body.setAttribute("data-drawn", String(document.querySelectorAll(".plot .main-svg").length)));
})();
