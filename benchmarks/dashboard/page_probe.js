// Runs in a page before its own scripts, and records frames, socket messages and chart updates.

(() => {
  const record = {
    /** The start of each frame; like all times here, in ms since the page began. */
    frames: [],
    /** Durations of tasks that blocked the page's thread for 50 ms or more. */
    longTasksMs: [],
    /** For each update: its step, when the server published it, when its event reached the page. */
    updates: [],
    /** Updates that the server skipped because the page was too slow. */
    gaps: 0,
    /** After watchCharts(): the chart, the step in its caption, when that was written. */
    shown: [],
  };

  const onFrame = (timeMs) => {
    record.frames.push(timeMs);
    requestAnimationFrame(onFrame);
  };
  requestAnimationFrame(onFrame);

  new PerformanceObserver((list) => {
    record.longTasksMs.push(...list.getEntries().map(({ duration }) => duration));
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
      record.gaps += 1;
    }
    newest = message.offset;
    const publishedMs = Date.parse(message.timestamp) - performance.timeOrigin;
    newestStep = message.points.at(-1).step;
    record.updates.push([newestStep, publishedMs, atMs]);
  };

  const Native = window.WebSocket;
  window.WebSocket = class extends Native {
    constructor(...parameters) {
      super(...parameters);
      // Listeners run in the order of their registration, so this one runs before the page's own.
      this.addEventListener("message", onMessage);
    }
  };

  const watchCharts = () => {
    document.querySelectorAll("figure figcaption span").forEach((caption, chart) => {
      const onChange = () => {
        const step = Number(caption.textContent.replace(/\D/g, ""));
        record.shown.push([chart, step, performance.now()]);
      };
      new MutationObserver(onChange).observe(caption, {
        childList: true,
        characterData: true,
        subtree: true,
      });
    });
  };

  /** Returns and clears the events recorded so far. */
  const takeRecord = () => {
    const { frames, longTasksMs, updates, gaps, shown } = record;
    Object.assign(record, { frames: [], longTasksMs: [], updates: [], gaps: 0, shown: [] });
    return { frames, longTasksMs, updates, gaps, shown };
  };

  window.benchmark = { watchCharts, takeRecord, newestStep: () => newestStep };
})();
