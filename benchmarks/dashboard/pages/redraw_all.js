// A page without optimizations: it redraws all points of all charts at each update.

const NUM_CHARTS = 20;
const NUM_POINTS = 20_000;
const HEIGHT_PX = 200;

const charts = new Map();
const section = document.querySelector("section");

for (let number = 0; number < NUM_CHARTS; number += 1) {
  const figure = document.createElement("figure");
  figure.append(document.createElement("figcaption"), document.createElement("div"));
  figure.firstChild.append(document.createElement("span"));
  section.append(figure);
  const steps = Array.from({ length: NUM_POINTS }, (_, step) => step + 1);
  const values = steps.map((step) => Math.exp(-step / NUM_POINTS) + 0.2 * Math.sin(step * 12.9898) ** 3);
  const options = {
    width: figure.clientWidth,
    height: HEIGHT_PX,
    legend: { show: false },
    scales: { x: { time: false } },
    series: [{}, { stroke: "#0b6bcb", width: 1.5 }],
  };
  const plot = new uPlot(options, [steps, values], figure.lastChild);
  const name = `m${String(number).padStart(2, "0")}`;
  charts.set(name, { plot, steps, values, caption: figure.querySelector("span") });
}

const socket = new WebSocket(`${location.origin.replace("http", "ws")}/ws${location.search}`);
socket.onmessage = ({ data }) => {
  const message = JSON.parse(data);
  if (message.type !== "metrics_update") {
    return;
  }
  for (const { metric, step, value } of message.points) {
    const { plot, steps, values, caption } = charts.get(metric);
    steps.push(step);
    values.push(value);
    plot.setData([steps, values]);
    caption.textContent = `step ${step}`;
  }
};
