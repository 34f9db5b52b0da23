// The sockets of the projects that are followed: opened and closed as the set of them changes.

import { ProjectStream } from "../../../live/projectStream";
import type { ConnectionState } from "../../../live/reconnectingSocket";
import type { ProjectProgress } from "../../../live/schemas";
import { address } from "../live/session";

export interface Socket {
  start(): void;
  close(): void;
  checkNow(): void;
}

interface SocketListener {
  onProgress(progress: ProjectProgress): void;
  onState(state: ConnectionState): void;
  onGone(): void;
}

export type OpenProject = (projectId: string, listener: SocketListener) => Socket;

export interface SocketsListener {
  onProgress(progress: ProjectProgress): void;
  onGone(projectId: string): void;
  /** Whether a connection is lost, so that the server has to be asked instead. */
  onLost(isLost: boolean): void;
}

const openStream: OpenProject = (projectId, listener) =>
  new ProjectStream(address, projectId, {
    onProgress: listener.onProgress,
    onStatus: ({ state }) => listener.onState(state),
    onGone: listener.onGone,
  });

export class ProjectSockets {
  private readonly open = new Map<string, Socket>();
  private readonly states = new Map<string, ConnectionState>();

  constructor(
    private readonly listener: SocketsListener,
    private readonly openProject: OpenProject = openStream,
  ) {}

  /** Follows exactly these projects from now on. */
  follow(projectIds: readonly string[]): void {
    for (const id of [...this.open.keys()].filter((each) => !projectIds.includes(each))) {
      this.drop(id);
    }
    for (const id of projectIds.filter((each) => !this.open.has(each))) {
      const socket = this.openProject(id, {
        onProgress: (progress) => this.listener.onProgress(progress),
        onState: (state) => {
          this.states.set(id, state);
          this.tell();
        },
        onGone: () => {
          this.drop(id);
          this.listener.onGone(id);
        },
      });
      this.open.set(id, socket);
      socket.start();
    }
    this.tell();
  }

  checkNow(): void {
    for (const socket of this.open.values()) {
      socket.checkNow();
    }
  }

  private drop(projectId: string): void {
    this.open.get(projectId)?.close();
    this.open.delete(projectId);
    this.states.delete(projectId);
    this.tell();
  }

  private tell(): void {
    const states = [...this.states.entries()].filter(([id]) => this.open.has(id));
    this.listener.onLost(states.some(([, state]) => state === "lost" || state === "refused"));
  }
}
