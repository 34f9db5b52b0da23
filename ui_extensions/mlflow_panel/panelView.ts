// The panel in a shadow DOM, so that its styles and MLflow's do not affect each other.

import { alertMessage, type Sentence } from "../live/alertSentence";
import { formatsOf } from "../live/formatting";
import type { CriticalAlert } from "../live/schemas";
import { AlertsView } from "./alertsView";
import { type Commands, ControlsView } from "./controlsView";
import { watchDarkMode } from "./darkMode";
import { element, setAttribute, setText } from "./elements";
import { FooterView } from "./footerView";
import { HeaderView } from "./headerView";
import { saveSettings, readSettings } from "./storedSettings";
import { Movable } from "./movable";
import { numbersOf } from "./numbers";
import css from "./panel.css?inline";
import { ProgressView } from "./progressView";
import { newCriticalAlerts, openAlerts, type RunState } from "./runState";
import type { Reader } from "./words";

const BODY_ID = "body";
/** In a narrower window the panel starts folded. */
const NARROW_PX = 720;

export class PanelView {
  private readonly head: HeaderView;
  private readonly progress: ProgressView;
  private readonly alerts: AlertsView;
  private readonly controls: ControlsView;
  private readonly foot: FooterView;
  private readonly messageOf: (alert: CriticalAlert) => Sentence;
  private readonly body = element("div", { class: "body", id: BODY_ID });
  private readonly announcement = element("span", { class: "for-readers", role: "alert" });
  private readonly panel = element("section", { class: "panel", hidden: true });
  private isFolded = readSettings().isFolded ?? window.innerWidth < NARROW_PX;
  private shown: RunState | null = null;

  constructor(
    private readonly reader: Reader,
    commands: Commands,
  ) {
    const { words, language, locale } = reader;
    const numbers = numbersOf(locale);
    this.head = new HeaderView(words, numbers, BODY_ID, () => this.fold(!this.isFolded));
    this.progress = new ProgressView(words, numbers);
    const formats = formatsOf(locale);
    this.messageOf = (alert) => alertMessage(alert, language, formats);
    this.alerts = new AlertsView(words, numbers, this.messageOf);
    this.controls = new ControlsView(words, commands);
    this.foot = new FooterView(words, numbers);
    const parts = [this.progress, this.alerts, this.controls, this.foot];
    this.body.append(...parts.map(({ root }) => root));
    this.panel.append(this.head.root, this.body, this.announcement);
    setAttribute(this.panel, "aria-label", words.panel);
    setAttribute(this.panel, "lang", language);
    this.showFolded();
    document.body.append(hostOf(this.panel));
    const { position = null } = readSettings();
    new Movable(this.panel, this.head.handle, position, (moved) =>
      saveSettings({ position: moved }),
    );
  }

  /** Shows nothing until the run's status is known. */
  show(state: RunState, dashboard: URL): void {
    const { status } = state;
    if (!status) {
      return;
    }
    this.panel.hidden = false;
    this.head.show(state, status);
    this.progress.show(state);
    this.alerts.show(openAlerts(state));
    this.controls.show(state);
    this.foot.show(state.connection, dashboard);
    const [newest] = this.shown ? newCriticalAlerts(this.shown, state) : [];
    if (newest) {
      setText(
        this.announcement,
        this.reader.words.newAlert(newest.condition, this.messageOf(newest).text),
      );
    }
    this.shown = state;
  }

  hide(): void {
    this.panel.hidden = true;
    this.shown = null;
    this.controls.reset();
    setText(this.announcement, "");
  }

  private fold(isFolded: boolean): void {
    this.isFolded = isFolded;
    saveSettings({ isFolded });
    this.showFolded();
  }

  private showFolded(): void {
    setAttribute(this.panel, "data-folded", this.isFolded);
    this.body.hidden = this.isFolded;
    this.head.showFolded(this.isFolded);
  }
}

function hostOf(panel: HTMLElement): HTMLElement {
  const host = document.createElement("fovea-panel");
  const shadow = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  shadow.adoptedStyleSheets = [sheet];
  shadow.append(panel);
  watchDarkMode((isDark) => setAttribute(host, "data-dark", isDark));
  return host;
}
