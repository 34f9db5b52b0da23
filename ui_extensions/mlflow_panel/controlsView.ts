// Pause, resume and stop: what is possible, and why something is not.

import type { Action } from "../live/controls";
import { ConfirmView, type Give } from "./confirmView";
import { element, setAttribute, setText } from "./elements";
import { OutcomeView } from "./outcomeView";
import { listen } from "./guarded";
import { isOver, type RunState, toggleAction, whyNot } from "./runState";
import type { Words } from "./words";

export interface Commands {
  command: Give;
  dismissOutcome(): void;
}

export class ControlsView {
  private readonly turn = element("button", { type: "button" });
  private readonly stop = element("button", { type: "button", class: "danger" });
  private readonly buttons = element(
    "div",
    { class: "buttons", role: "group" },
    this.turn,
    this.stop,
  );
  private readonly reasons = element("p", { class: "detail" });
  private readonly confirm: ConfirmView;
  private readonly outcome: OutcomeView;
  readonly root: HTMLElement;
  private toggleTo: Action = "pause";

  constructor(
    private readonly words: Words,
    private readonly commands: Commands,
  ) {
    const give: Give = (action, release) => this.give(action, release);
    this.confirm = new ConfirmView(words, give, (asked) => this.buttonOf(asked).focus());
    this.outcome = new OutcomeView(words, () => commands.dismissOutcome());
    const parts = [this.buttons, this.reasons, this.confirm.root, this.outcome.root];
    this.root = element("div", { class: "controls" }, ...parts);
    setAttribute(this.buttons, "aria-label", words.control);
    this.onPress(this.turn, () => this.press(this.toggleTo));
    this.onPress(this.stop, () => this.press("stop"));
  }

  show(state: RunState): void {
    const { status, command } = state;
    const isAtEnd = !status || isOver(status);
    this.buttons.hidden = isAtEnd;
    this.root.hidden = isAtEnd && command === null;
    this.showButtons(state, isAtEnd);
    const { asked } = this.confirm;
    if (asked && (isAtEnd || whyNot(state, asked))) {
      this.confirm.cancel();
    }
    this.outcome.show(command);
  }

  /** Another run is shown next, about which nothing has been asked. */
  reset(): void {
    this.confirm.close();
  }

  private showButtons(state: RunState, isAtEnd: boolean): void {
    const reasons = new Set<string>();
    if (state.status && !isAtEnd) {
      this.toggleTo = toggleAction(state.status.status);
      reasons.add(this.showButton(this.turn, this.toggleTo, state));
      reasons.add(this.showButton(this.stop, "stop", state));
    }
    // What is on its way is told by the outcome.
    reasons.delete(this.words.whyPending);
    setText(this.reasons, [...reasons].filter(Boolean).map(asSentence).join(" "));
    this.reasons.hidden = this.reasons.textContent === "";
  }

  /** The reason why it cannot be pressed, or nothing. */
  private showButton(button: HTMLButtonElement, action: Action, state: RunState): string {
    const why = this.whyText(state, action);
    setText(button, this.words.command[action] + (action === "resume" ? "" : "…"));
    setAttribute(button, "aria-disabled", why ? "true" : false);
    setAttribute(button, "title", why || false);
    return why;
  }

  private whyText(state: RunState, action: Action): string {
    const { words } = this;
    switch (whyNot(state, action)) {
      case "deleted":
        return words.whyDeleted;
      case "forbidden":
        return words.whyForbidden;
      case "pending":
        return words.whyPending;
      case "status":
        return words.whyStatus(state.status ? words.status[state.status.status] : "");
      case null:
        return "";
    }
  }

  private press(action: Action): void {
    if (action === "resume") {
      this.give(action);
    } else {
      this.confirm.ask(action);
    }
  }

  private give(action: Action, release = false): void {
    this.commands.command(action, release);
    // Not a button: the next press of Enter would be another command.
    this.outcome.root.focus();
  }

  private buttonOf(action: Action): HTMLButtonElement {
    return action === "stop" ? this.stop : this.turn;
  }

  private onPress(button: HTMLButtonElement, press: () => void): void {
    listen(button, "click", () => {
      if (button.getAttribute("aria-disabled") !== "true") {
        press();
      }
    });
  }
}

function asSentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
