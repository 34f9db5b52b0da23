// The run's open alerts, in the order of their levels.

import type { Sentence } from "../live/alertSentence";
import type { CriticalAlert } from "../live/schemas";
import { element, sign } from "./elements";
import { LEVEL_APPEARANCE } from "./appearance";
import type { Numbers } from "./numbers";
import type { Words } from "./words";

const MAX_SHOWN = 3;

export class AlertsView {
  readonly root = element("ul");
  private shown: readonly CriticalAlert[] = [];

  constructor(
    private readonly words: Words,
    private readonly numbers: Numbers,
    private readonly messageOf: (alert: CriticalAlert) => Sentence,
  ) {
    this.root.setAttribute("aria-label", words.alerts);
    this.root.hidden = true;
  }

  show(alerts: readonly CriticalAlert[]): void {
    if (isSame(alerts, this.shown)) {
      return;
    }
    this.shown = alerts;
    this.root.hidden = alerts.length === 0;
    const items = alerts.slice(0, MAX_SHOWN).map((alert) => this.item(alert));
    const numLeft = alerts.length - items.length;
    const more = this.words.moreAlerts(this.numbers.whole(numLeft));
    this.root.replaceChildren(
      ...items,
      ...(numLeft > 0 ? [element("li", { class: "detail" }, more)] : []),
    );
  }

  private item(alert: CriticalAlert): HTMLElement {
    const [tone, mark] = LEVEL_APPEARANCE[alert.level];
    const level = this.words.level[alert.level];
    const message = this.messageOf(alert);
    return element(
      "li",
      { class: "alert", "data-tone": tone },
      element(
        "p",
        {},
        element("strong", { class: "toned" }, sign(mark), ` ${level}`),
        " ",
        element("bdi", {}, element("strong", {}, alert.condition)),
      ),
      element("p", { lang: message.language }, message.text),
      ...(alert.acknowledged_by === null
        ? []
        : [element("p", { class: "detail" }, this.words.seenBy(alert.acknowledged_by))]),
    );
  }
}

function isSame(a: readonly CriticalAlert[], b: readonly CriticalAlert[]): boolean {
  return a.length === b.length && a.every((alert, index) => alert === b[index]);
}
