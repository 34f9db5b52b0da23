// The outcome of the newest command, with the server's message.

import { element, setAttribute, setText, sign } from "./elements";
import { OUTCOME_APPEARANCE } from "./appearance";
import { listen } from "./guarded";
import { type Command, outcomeOf } from "./runState";
import type { Words } from "./words";

export class OutcomeView {
  private readonly sign = sign("");
  private readonly text = element("p");
  private readonly detail = element("p", { lang: "en" });
  private readonly dismiss = element("button", { type: "button", class: "subtle" }, sign("✕"));
  readonly root = element(
    "div",
    { class: "note", tabindex: "-1", hidden: true },
    this.sign,
    element("div", { class: "space", role: "status" }, this.text, this.detail),
    this.dismiss,
  );

  constructor(
    private readonly words: Words,
    onDismiss: () => void,
  ) {
    setAttribute(this.dismiss, "aria-label", words.dismiss);
    listen(this.dismiss, "click", onDismiss);
  }

  show(command: Command | null): void {
    this.root.hidden = command === null;
    if (command) {
      const outcome = outcomeOf(command);
      const [tone, mark] = OUTCOME_APPEARANCE[outcome];
      setAttribute(this.root, "data-tone", tone);
      setText(this.sign, mark);
      setText(this.text, this.words[outcome](this.words.command[command.action]));
      setText(this.detail, serverMessageOf(command));
      this.dismiss.hidden = outcome === "sent";
    }
  }
}

function serverMessageOf({ answer, error }: Command): string {
  return answer?.message ?? (error && !error.isUnreachable ? error.message : "");
}
