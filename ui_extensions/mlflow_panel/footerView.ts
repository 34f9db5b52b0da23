// The panel's footer: the state of the connection, and the link to the dashboard.

import type { ConnectionStatus } from "../live/connection";
import { element, setAttribute, setText, sign } from "./elements";
import { CONNECTION_APPEARANCE } from "./appearance";
import type { Numbers } from "./numbers";
import type { Words } from "./words";

export class FooterView {
  private readonly sign = sign("");
  private readonly text = element("span", { role: "status" });
  private readonly connection = element("span", { class: "toned" }, this.sign, " ", this.text);
  private readonly dashboard = element("a");
  readonly root = element("div", { class: "footer" }, this.connection, this.dashboard);

  constructor(
    private readonly words: Words,
    private readonly numbers: Numbers,
  ) {
    setText(this.dashboard, words.dashboard);
  }

  show({ state, sinceMs, reason }: ConnectionStatus, dashboard: URL): void {
    const { words, numbers } = this;
    const [tone, mark] = CONNECTION_APPEARANCE[state];
    setAttribute(this.connection, "data-tone", tone);
    setAttribute(this.connection, "title", reason || false);
    setText(this.sign, mark);
    setText(this.text, state === "lost" ? words.lost(numbers.clock(sinceMs)) : words[state]);
    setAttribute(this.dashboard, "href", dashboard.href);
  }
}
