// What is shown with which of MLflow's pages.

import { ServerAddress } from "../live/address";
import { PanelView } from "./panelView";
import type { Place } from "./mlflowPage";
import { listen, unheard } from "./guarded";
import { RunsMarker } from "./runsMarker";
import { RunWatch } from "./runWatch";
import { watchPlace } from "./watchMlflowPage";
import { LANGUAGE_KEY, type Reader, readerOf } from "./words";

/** What a page has us do while it is shown. */
interface Companion {
  hurry(): void;
  close(): void;
}

/** `root` is the server's, with a slash at its end. */
export function startPanel(root: URL): void {
  const panel = new Panel(root);
  watchPlace((place) => panel.goTo(place));
  listen(window, "online", () => panel.hurry());
  listen(document, "visibilitychange", () => {
    if (!document.hidden) {
      panel.hurry();
    }
  });
}

class Panel {
  private readonly reader: Reader = readerOf(chosenLanguage(), navigator.languages);
  private companion: Companion | null = null;
  private view: PanelView | null = null;
  private run: RunWatch | null = null;

  constructor(private readonly root: URL) {}

  goTo(place: Place): void {
    this.companion?.close();
    this.view?.hide();
    this.run = null;
    this.companion = this.companionOf(place);
  }

  hurry(): void {
    this.companion?.hurry();
  }

  private companionOf(place: Place): Companion | null {
    switch (place.page) {
      case "run":
        return this.watch(new ServerAddress(this.root, place.workspace), place.runId);
      case "runs": {
        const address = new ServerAddress(this.root, place.workspace);
        const marker = new RunsMarker(address, place.experimentId, this.reader.words);
        unheard(marker.start());
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
    unheard(run.start());
    return run;
  }

  /** Made when there is something to show for the first time. */
  private viewed(): PanelView {
    this.view ??= new PanelView(this.reader, {
      command: (action, release) => this.run && unheard(this.run.command(action, release)),
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
