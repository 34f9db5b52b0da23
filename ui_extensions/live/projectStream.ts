// Follows one project over its own WebSocket, which begins with the present state of the project.

import type { ServerAddress } from "./address";
import {
  browserClock,
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

export class ProjectStream {
  private readonly socket: ReconnectingSocket;
  private isNew = true;

  constructor(
    address: ServerAddress,
    projectId: string,
    private readonly listener: ProjectListener,
    clock: Clock = browserClock,
    open: OpenSocket = (url) => new WebSocket(url),
  ) {
    const path = `api/v1/ws/projects/${encodeURIComponent(projectId)}/stream`;
    const owner = {
      url: () => {
        this.isNew = true;
        return address.socket(path);
      },
      onText: (text: string) => this.receive(JSON.parse(text) as ProjectEvent),
      onStatus: (status: ConnectionStatus) => listener.onStatus(status),
    };
    this.socket = new ReconnectingSocket(owner, clock, open);
  }

  start(): void {
    this.socket.start();
  }

  close(): void {
    this.socket.close();
  }

  checkNow(): void {
    this.socket.checkNow();
  }

  private receive({ event_type, data }: ProjectEvent): void {
    if (event_type === "error" && data.error_code === "PROJECT_NOT_FOUND") {
      this.close();
      this.listener.onGone();
      return;
    }
    if (this.isNew) {
      this.isNew = false;
      this.socket.setLive();
    }
    // A pipeline that has failed or was stopped sends its progress with the error.
    if (event_type !== "log" && typeof data.progress_percentage === "number") {
      this.listener.onProgress(data as unknown as ProjectProgress);
    }
  }
}
