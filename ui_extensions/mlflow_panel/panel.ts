// Chooses what to show on each of MLflow's pages.

import { ServerAddress } from "../live/address";
import { PanelView } from "./panelView";
import type { MlflowPage } from "./mlflowPage";
import { listen, ignoreRejection } from "./guarded";
import { RunsMarker } from "./runsMarker";
import { RunWatch } from "./runWatch";
import { watchMlflowPage } from "./watchMlflowPage";
import { LANGUAGE_KEY, type Reader, readerOf } from "./words";

/** The panel's part that runs while one of MLflow's pages is shown. */
interface PageFeature {
  checkNow(): void;
  close(): void;
}

/** `root` is the server's root URL, which ends with a slash. */
export function startPanel(root: URL): void {
  const panel = new Panel(root);
  watchMlflowPage((page) => panel.goTo(page));
  listen(window, "online", () => panel.checkNow());
  listen(document, "visibilitychange", () => {
    if (!document.hidden) {
      panel.checkNow();
    }
  });
}

class Panel {
  private readonly reader: Reader = readerOf(chosenLanguage(), navigator.languages);
  private feature: PageFeature | null = null;
  private view: PanelView | null = null;
  private run: RunWatch | null = null;

  constructor(private readonly root: URL) {}

  goTo(place: MlflowPage): void {
    this.feature?.close();
    this.view?.hide();
    this.run = null;
    this.feature = this.featureOf(place);
  }

  checkNow(): void {
    this.feature?.checkNow();
  }

  private featureOf(place: MlflowPage): PageFeature | null {
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

  private watch(address: ServerAddress, runId: string): PageFeature {
    const dashboard = address.http("monitor/", { workspace: address.workspace });
    dashboard.hash = `/runs/${runId}`;
    const run = new RunWatch(address, runId, (state) => this.panelView().show(state, dashboard));
    this.run = run;
    ignoreRejection(run.start());
    return run;
  }

  /** Created when there is something to show for the first time. */
  private panelView(): PanelView {
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
