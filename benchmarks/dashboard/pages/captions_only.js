// The least work that a page can do: write the newest step to 20 captions in the next frame.

const NUM_CHARTS = 20;
const captions = [];
let newest = 0;

for (let number = 0; number < NUM_CHARTS; number += 1) {
  const figure = document.createElement("figure");
  figure.append(document.createElement("figcaption"), document.createElement("canvas"));
  figure.style.display = "inline-block";
  captions.push(figure.firstChild.appendChild(document.createElement("span")));
  document.querySelector("section").append(figure);
}

function write() {
  for (const caption of captions) {
    caption.textContent = `step ${newest}`;
  }
}

const socket = new WebSocket(`${location.origin.replace("http", "ws")}/ws${location.search}`);
socket.onmessage = ({ data }) => {
  const message = JSON.parse(data);
  if (message.type === "metrics_update") {
    newest = message.points.at(-1).step;
    requestAnimationFrame(write);
  }
};
