// Builds the server's URLs relative to its root, which a proxy may put under a path prefix.

export class ServerAddress {
  /** `root` ends with a slash. */
  constructor(
    readonly root: URL,
    /** MLflow's workspace; null if workspaces are off. */
    readonly workspace: string | null = null,
  ) {}

  http(
    path: string,
    query: Record<string, string | number | boolean | null | undefined> = {},
  ): URL {
    const url = new URL(path, this.root);
    for (const [name, value] of Object.entries(query)) {
      if (value !== null && value !== undefined && value !== "") {
        url.searchParams.set(name, String(value));
      }
    }
    return url;
  }

  socket(path: string, query: Record<string, string | null> = {}): URL {
    const url = this.http(path, { ...query, workspace: this.workspace });
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    return url;
  }
}
