// Follows one project over its own WebSocket, which begins with the present state of the project.

import type { ServerAddress } from "./address";
import {
  type Clock,
  type ConnectionStatus,
  type OpenSocket,
  ReconnectingSocket,
} from "./reconnectingSocket";
import type { ProjectEvent, ProjectProgress } from "./schemas";

export interface ProjectListener {
  onProgress(progress: ProjectProgress): void;
  onStatus(status: ConnectionStatus): void;
  /** There is no such project, or no longer. */
  onGone(): void;
}

export class ProjectStream extends ReconnectingSocket<ProjectEvent> {
  private isNew = true;

  constructor(
    private readonly address: ServerAddress,
    private readonly projectId: string,
    private readonly listener: ProjectListener,
    clock?: Clock,
    open?: OpenSocket,
  ) {
    super((status) => listener.onStatus(status), clock, open);
  }

  protected url(): URL {
    this.isNew = true;
    return this.address.socket(`api/v1/ws/projects/${encodeURIComponent(this.projectId)}/stream`);
  }

  protected receive({ event_type, data }: ProjectEvent): void {
    if (event_type === "error" && data.error_code === "PROJECT_NOT_FOUND") {
      this.close();
      this.listener.onGone();
      return;
    }
    if (this.isNew) {
      this.isNew = false;
      this.setLive();
    }
    // A pipeline that has failed or was stopped sends its progress with the error.
    if (event_type !== "log" && typeof data.progress_percentage === "number") {
      this.listener.onProgress(data as unknown as ProjectProgress);
    }
  }
}
