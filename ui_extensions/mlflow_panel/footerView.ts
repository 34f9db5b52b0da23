// Whether what is shown is what is so now, and the way to the dashboard.

import type { Link } from "../live/connection";
import { element, setAttribute, setText, sign } from "./elements";
import { LINK_LOOKS } from "./appearance";
import type { Numbers } from "./numbers";
import type { Words } from "./words";

export class FootView {
  private readonly sign = sign("");
  private readonly text = element("span", { role: "status" });
  private readonly link = element("span", { class: "toned" }, this.sign, " ", this.text);
  private readonly dashboard = element("a");
  readonly root = element("div", { class: "foot" }, this.link, this.dashboard);

  constructor(
    private readonly words: Words,
    private readonly numbers: Numbers,
  ) {
    setText(this.dashboard, words.dashboard);
  }

  show({ state, sinceMs, reason }: Link, dashboard: URL): void {
    const { words, numbers } = this;
    const [tone, mark] = LINK_LOOKS[state];
    setAttribute(this.link, "data-tone", tone);
    setAttribute(this.link, "title", reason || false);
    setText(this.sign, mark);
    setText(this.text, state === "lost" ? words.lost(numbers.clock(sinceMs)) : words[state]);
    setAttribute(this.dashboard, "href", dashboard.href);
  }
}
