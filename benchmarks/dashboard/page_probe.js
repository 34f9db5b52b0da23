// Runs in a page before its own scripts, and notes frames, messages at the socket and what charts say.

(() => {
  const noted = {
    /** When each frame began, in ms since the page did; so are all times here. */
    frames: [],
    /** How long the page's thread was busy without a break, where that was 50 ms or more. */
    longTasksMs: [],
    /** Of each update: its step, when the server published it, when its event reached the page. */
    updates: [],
    /** Updates that the server left out, since the page was behind. */
    gaps: 0,
    /** Once charts are watched: which chart, the step that it says, when that was written. */
    shown: [],
  };

  const onFrame = (timeMs) => {
    noted.frames.push(timeMs);
    requestAnimationFrame(onFrame);
  };
  requestAnimationFrame(onFrame);

  new PerformanceObserver((list) => {
    noted.longTasksMs.push(...list.getEntries().map(({ duration }) => duration));
  }).observe({ type: "longtask" });

  let newest = null;
  let newestStep = 0;
  const onMessage = ({ data }) => {
    const atMs = performance.now();
    const message = JSON.parse(data);
    if (message.type !== "metrics_update") {
      return;
    }
    if (newest !== null && message.previous !== null && message.previous > newest) {
      noted.gaps += 1;
    }
    newest = message.offset;
    const publishedMs = Date.parse(message.timestamp) - performance.timeOrigin;
    newestStep = message.points.at(-1).step;
    noted.updates.push([newestStep, publishedMs, atMs]);
  };

  const Native = window.WebSocket;
  window.WebSocket = class extends Native {
    constructor(...given) {
      super(...given);
      // Listeners are called in the order in which they came, so this one before the page's own.
      this.addEventListener("message", onMessage);
    }
  };

  const watchCharts = () => {
    document.querySelectorAll("figure figcaption span").forEach((caption, chart) => {
      const onChange = () => {
        const step = Number(caption.textContent.replace(/\D/g, ""));
        noted.shown.push([chart, step, performance.now()]);
      };
      new MutationObserver(onChange).observe(caption, {
        childList: true,
        characterData: true,
        subtree: true,
      });
    });
  };

  /** What was noted since the last call. */
  const take = () => {
    const { frames, longTasksMs, updates, gaps, shown } = noted;
    Object.assign(noted, { frames: [], longTasksMs: [], updates: [], gaps: 0, shown: [] });
    return { frames, longTasksMs, updates, gaps, shown };
  };

  window.benchmark = { watchCharts, take, newestStep: () => newestStep };
})();
