// The panel's header, which stays visible when the panel is folded: status, progress and open alerts.

import { shareDone } from "../live/runStatus";
import { isSilent } from "../live/silence";
import { appearanceOf } from "../live/statusAppearance";
import type { CriticalAlert, TrainingStatus } from "../live/schemas";
import { element, setAttribute, setText, sign } from "./elements";
import { LEVEL_APPEARANCE, type Appearance, STALE_APPEARANCE } from "./appearance";
import type { Numbers } from "./numbers";
import { listen } from "./guarded";
import { isStale, openAlerts, type RunState } from "./runState";
import type { Words } from "./words";

export class HeaderView {
  readonly handle = element("button", { type: "button", class: "subtle handle" }, sign("⠿"));
  private readonly status = new Badge({ role: "status" });
  private readonly share = element("span");
  private readonly alerts = new Badge();
  private readonly foldSign = sign("");
  private readonly fold = element("button", { type: "button", class: "subtle" }, this.foldSign);
  readonly root = element(
    "div",
    { class: "header" },
    this.handle,
    this.status.root,
    element("span", { class: "summary" }, this.share, this.alerts.root),
    element("span", { class: "space" }),
    this.fold,
  );

  constructor(
    private readonly words: Words,
    private readonly numbers: Numbers,
    bodyId: string,
    onFold: () => void,
  ) {
    for (const [button, label] of [
      [this.handle, words.move],
      [this.fold, words.details],
    ] as const) {
      setAttribute(button, "aria-label", label);
      setAttribute(button, "title", label);
    }
    setAttribute(this.fold, "aria-controls", bodyId);
    listen(this.fold, "click", onFold);
  }

  show(state: RunState, status: TrainingStatus): void {
    const { words, numbers } = this;
    const word = status.deleted ? words.deleted : words.status[status.status];
    const isOutdated = isStale(state);
    const isQuiet = isSilent(Object.values(state.alerts), status.run_id);
    const appearance =
      isOutdated || status.deleted ? STALE_APPEARANCE : appearanceOf(status.status, isQuiet);
    const known = isQuiet && !status.deleted ? words.silent(word) : word;
    this.status.show(appearance, isOutdated ? words.lastKnown(known) : known);
    const share = shareDone(status);
    setText(this.share, share === null ? "" : numbers.percent(share));
    this.showAlerts(openAlerts(state));
  }

  showFolded(isFolded: boolean): void {
    setText(this.foldSign, isFolded ? "▴" : "▾");
    setAttribute(this.fold, "aria-expanded", String(!isFolded));
  }

  private showAlerts([worst, ...others]: readonly CriticalAlert[]): void {
    this.alerts.root.hidden = !worst;
    if (worst) {
      const count = 1 + others.length;
      this.alerts.show(
        LEVEL_APPEARANCE[worst.level],
        this.words.numAlerts(count, this.numbers.whole(count)),
      );
    }
  }
}

class Badge {
  private readonly sign = sign("");
  private readonly text: HTMLElement;
  readonly root: HTMLElement;

  constructor(ofText: Record<string, string> = {}) {
    this.text = element("span", ofText);
    this.root = element("span", { class: "badge" }, this.sign, this.text);
  }

  show([tone, mark]: Appearance, text: string): void {
    setAttribute(this.root, "data-tone", tone);
    setText(this.sign, mark);
    setText(this.text, text);
  }
}
