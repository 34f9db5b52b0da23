// The buttons pause, resume and stop, and why a button is disabled.

import type { Action } from "../live/controls";
import { ConfirmView, type SendCommand } from "./confirmView";
import { element, setAttribute, setText } from "./elements";
import { OutcomeView } from "./outcomeView";
import { listen } from "./guarded";
import { isOver, type RunState, toggleAction, whyNot } from "./runState";
import type { Words } from "./words";

export interface Commands {
  command: SendCommand;
  dismissOutcome(): void;
}

export class ControlsView {
  private readonly toggle = element("button", { type: "button" });
  private readonly stop = element("button", { type: "button", class: "danger" });
  private readonly buttons = element(
    "div",
    { class: "buttons", role: "group" },
    this.toggle,
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
    const send: SendCommand = (action, release) => this.send(action, release);
    this.confirm = new ConfirmView(words, send, (action) => this.buttonOf(action).focus());
    this.outcome = new OutcomeView(words, () => commands.dismissOutcome());
    const parts = [this.buttons, this.reasons, this.confirm.root, this.outcome.root];
    this.root = element("div", { class: "controls" }, ...parts);
    setAttribute(this.buttons, "aria-label", words.control);
    this.onPress(this.toggle, () => this.press(this.toggleTo));
    this.onPress(this.stop, () => this.press("stop"));
  }

  show(state: RunState): void {
    const { status, command } = state;
    const isAtEnd = !status || isOver(status);
    this.buttons.hidden = isAtEnd;
    this.root.hidden = isAtEnd && command === null;
    this.showButtons(state, isAtEnd);
    const { pendingAction } = this.confirm;
    if (pendingAction && (isAtEnd || whyNot(state, pendingAction))) {
      this.confirm.cancel();
    }
    this.outcome.show(command);
  }

  /** Discards an open confirmation, because another run is shown next. */
  reset(): void {
    this.confirm.close();
  }

  private showButtons(state: RunState, isAtEnd: boolean): void {
    const reasons = new Set<string>();
    if (state.status && !isAtEnd) {
      this.toggleTo = toggleAction(state.status.status);
      reasons.add(this.showButton(this.toggle, this.toggleTo, state));
      reasons.add(this.showButton(this.stop, "stop", state));
    }
    // The outcome already shows a pending command.
    reasons.delete(this.words.whyPending);
    setText(this.reasons, [...reasons].filter(Boolean).map(asSentence).join(" "));
    this.reasons.hidden = this.reasons.textContent === "";
  }

  /** Returns why the button is disabled, or an empty string. */
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
      this.send(action);
    } else {
      this.confirm.ask(action);
    }
  }

  private send(action: Action, release = false): void {
    this.commands.command(action, release);
    // Not a button, so that the next press of Enter does not send another command.
    this.outcome.root.focus();
  }

  private buttonOf(action: Action): HTMLButtonElement {
    return action === "stop" ? this.stop : this.toggle;
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
