// What is shown with which of MLflow's pages.

import { ServerAddress } from "../live/address";
import { PanelView } from "./panelView";
import type { MlflowPage } from "./mlflowPage";
import { listen, ignoreRejection } from "./guarded";
import { RunsMarker } from "./runsMarker";
import { RunWatch } from "./runWatch";
import { watchMlflowPage } from "./watchMlflowPage";
import { LANGUAGE_KEY, type Reader, readerOf } from "./words";

/** What a page has us do while it is shown. */
interface Companion {
  checkNow(): void;
  close(): void;
}

/** `root` is the server's, with a slash at its end. */
export function startPanel(root: URL): void {
  const panel = new Panel(root);
  watchMlflowPage((place) => panel.goTo(place));
  listen(window, "online", () => panel.checkNow());
  listen(document, "visibilitychange", () => {
    if (!document.hidden) {
      panel.checkNow();
    }
  });
}

class Panel {
  private readonly reader: Reader = readerOf(chosenLanguage(), navigator.languages);
  private companion: Companion | null = null;
  private view: PanelView | null = null;
  private run: RunWatch | null = null;

  constructor(private readonly root: URL) {}

  goTo(place: MlflowPage): void {
    this.companion?.close();
    this.view?.hide();
    this.run = null;
    this.companion = this.companionOf(place);
  }

  checkNow(): void {
    this.companion?.checkNow();
  }

  private companionOf(place: MlflowPage): Companion | null {
    switch (place.page) {
      case "run":
        return this.watch(new ServerAddress(this.root, place.workspace), place.runId);
      case "runs": {
        const address = new ServerAddress(this.root, place.workspace);
        const marker = new RunsMarker(address, place.experimentId, this.reader.words);
        ignoreRejection(marker.start());
        return marker;
      }
      case "other":
        return null;
    }
  }

  private watch(address: ServerAddress, runId: string): Companion {
    const dashboard = address.http("monitor/", { workspace: address.workspace });
    dashboard.hash = `/runs/${runId}`;
    const run = new RunWatch(address, runId, (state) => this.viewed().show(state, dashboard));
    this.run = run;
    ignoreRejection(run.start());
    return run;
  }

  /** Made when there is something to show for the first time. */
  private viewed(): PanelView {
    this.view ??= new PanelView(this.reader, {
      command: (action, release) => this.run && ignoreRejection(this.run.command(action, release)),
      dismissOutcome: () => this.run?.dismissOutcome(),
    });
    return this.view;
  }
}

function chosenLanguage(): string | null {
  try {
    return localStorage.getItem(LANGUAGE_KEY);
  } catch {
    return null;
  }
}
