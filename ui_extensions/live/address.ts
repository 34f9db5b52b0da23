// Builds the server's URLs relative to its root, which a proxy may put under a path prefix.

/** A list gives its parameter several times; an empty text gives none. */
export type Query = Readonly<
  Record<string, string | number | boolean | readonly string[] | null | undefined>
>;

export class ServerAddress {
  /** `root` ends with a slash. */
  constructor(
    readonly root: URL,
    /** MLflow's workspace; null if workspaces are off. */
    readonly workspace: string | null = null,
  ) {}

  http(path: string, query: Query = {}): URL {
    const url = new URL(path, this.root);
    for (const [name, value] of Object.entries(query)) {
      if (value !== null && value !== undefined && value !== "") {
        for (const each of Array.isArray(value) ? (value as readonly string[]) : [value]) {
          url.searchParams.append(name, String(each));
        }
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
