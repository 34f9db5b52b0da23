// The run's progress as a bar and in words.

import { shareDone } from "../live/runStatus";
import { element, setAttribute, setText } from "./elements";
import { type Numbers, wholePercent } from "./numbers";
import { isStale, type RunState } from "./runState";
import type { Words } from "./words";

export class ProgressView {
  private readonly filled = element("span");
  private readonly bar = element(
    "div",
    { class: "bar", role: "progressbar", "aria-valuemin": "0", "aria-valuemax": "100" },
    this.filled,
  );
  private readonly text = element("p");
  private readonly message = element("p", { class: "message", lang: "en" });
  readonly root = element("div", {}, this.bar, this.text, this.message);

  constructor(
    private readonly words: Words,
    private readonly numbers: Numbers,
  ) {
    setAttribute(this.bar, "aria-label", words.progress);
  }

  show(state: RunState): void {
    const { status } = state;
    const share = status && shareDone(status);
    this.bar.hidden = share === null;
    if (share !== null) {
      this.filled.style.inlineSize = `${share * 100}%`;
      setAttribute(this.bar, "aria-valuenow", String(wholePercent(share)));
    }
    setAttribute(this.bar, "data-stale", isStale(state));
    const text = progressText(state, this.words, this.numbers);
    setText(this.text, text);
    this.text.hidden = text === "";
    setText(this.message, status?.message ?? "");
    this.message.hidden = !status?.message;
    // A scrolling text must be reachable by keyboard.
    setAttribute(this.message, "tabindex", isLong(status?.message) ? "0" : false);
    this.root.hidden = this.bar.hidden && this.text.hidden && this.message.hidden;
  }
}

const LINES_WITHOUT_SCROLLING = 4;
const CHARACTERS_OF_A_LINE = 40;

function isLong(text = ""): boolean {
  return (
    text.length > LINES_WITHOUT_SCROLLING * CHARACTERS_OF_A_LINE ||
    text.split("\n").length > LINES_WITHOUT_SCROLLING
  );
}

export function progressText(state: RunState, words: Words, numbers: Numbers): string {
  const { status } = state;
  if (!status) {
    return "";
  }
  const { epoch, total_epochs: epochs, step, eta_seconds: left } = status;
  const parts = [
    epoch !== null && words.epoch(numbers.whole(epoch), epochs ? numbers.whole(epochs) : ""),
    step !== null && words.step(numbers.whole(step)),
    // Outdated facts give no remaining time.
    left !== null && !isStale(state) && words.left(numbers.duration(left)),
  ];
  return parts.filter((part) => part !== false).join(" · ");
}
