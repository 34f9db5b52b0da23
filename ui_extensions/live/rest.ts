// Requests to the server, with typed responses and errors.

import type { Query, ServerAddress } from "./address";

const DEADLINE_MS = 30_000;

/** An error response in the server's own words; `status` is 0 if there was no response. */
export class RequestError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly requestId: string | null = null,
    readonly problems: ReadonlyArray<FieldProblem> = [],
  ) {
    super(message);
    this.name = "RequestError";
  }

  get isUnreachable(): boolean {
    return this.status === 0;
  }
}

export function asRequestError(error: unknown): RequestError {
  return error instanceof RequestError ? error : new RequestError(0, "UNREACHABLE", String(error));
}

/** Whether a retry may succeed: the server is unreachable, busy or broken, and has not refused. */
export function isRetryable(error: unknown): boolean {
  if (!(error instanceof RequestError)) {
    return false;
  }
  const { isUnreachable, status } = error;
  return isUnreachable || status === 408 || status === 429 || status >= 500;
}

export interface FieldProblem {
  /** Path such as `body.params.epochs`. */
  field: string;
  message: string;
}

export interface Page<T> {
  entries: T[];
  /** Number of entries on all pages. */
  total: number;
}

export class Rest {
  constructor(readonly address: ServerAddress) {}

  async get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
    const response = await this.request(path, query, { method: "GET" }, DEADLINE_MS, signal);
    return (await response.json()) as T;
  }

  async list<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<Page<T>> {
    const response = await this.request(path, query, { method: "GET" }, DEADLINE_MS, signal);
    const entries = (await response.json()) as T[];
    const total = Number(response.headers.get("X-Total-Count") ?? entries.length);
    return { entries, total: Number.isFinite(total) ? total : entries.length };
  }

  /** Commands that wait for a run need a longer `deadlineMs`. */
  async post<T>(path: string, query: Query, body: object, deadlineMs = DEADLINE_MS): Promise<T> {
    const response = await this.request(path, query, withBody("POST", body), deadlineMs);
    return (await response.json()) as T;
  }

  async patch<T>(path: string, body: object): Promise<T> {
    const response = await this.request(path, {}, withBody("PATCH", body), DEADLINE_MS);
    return (await response.json()) as T;
  }

  /** Posts, and gets only the headers of the response, whose body is another page. */
  async postForHeaders(path: string, body: object, deadlineMs: number): Promise<Headers> {
    const init = {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    };
    const response = await this.request(path, {}, init, deadlineMs);
    await response.body?.cancel();
    return response.headers;
  }

  async delete<T>(path: string, query: Query, deadlineMs = DEADLINE_MS): Promise<T> {
    const response = await this.request(path, query, { method: "DELETE" }, deadlineMs);
    return (await response.json()) as T;
  }

  private async request(
    path: string,
    query: Query,
    init: RequestInit,
    deadlineMs: number,
    signal?: AbortSignal,
  ): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.address.workspace) {
      headers.set("X-MLFLOW-WORKSPACE", this.address.workspace);
    }
    const deadline = AbortSignal.timeout(deadlineMs);
    const either = signal ? AbortSignal.any([signal, deadline]) : deadline;
    let response: Response;
    try {
      response = await fetch(this.address.http(path, query), { ...init, headers, signal: either });
    } catch (error) {
      if (signal?.aborted) {
        throw error;
      }
      throw new RequestError(0, "UNREACHABLE", String((error as Error).message));
    }
    if (!response.ok) {
      throw await refusal(response);
    }
    return response;
  }
}

function withBody(method: string, body: object): RequestInit {
  return {
    method,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
}

export async function refusal(response: Response): Promise<RequestError> {
  const id = response.headers.get("X-Request-ID");
  try {
    const body = (await response.json()) as Record<string, unknown>;
    const text = (value: unknown): string | null => (typeof value === "string" ? value : null);
    // MLflow's own routes call it `message`.
    const message = text(body.error) ?? text(body.message) ?? response.statusText;
    const code = text(body.error_code) ?? String(response.status);
    return new RequestError(response.status, code, message, id, problems(body.details));
  } catch {
    return new RequestError(response.status, String(response.status), response.statusText, id);
  }
}

/** Parses the details of a 422, such as `body.params.epochs: the problem; …`. */
function problems(details: unknown): FieldProblem[] {
  if (typeof details !== "string") {
    return [];
  }
  return details.split("; ").flatMap((each) => {
    const [, field, message] = /^(\w+(?:\.\w+)*): (.+)$/s.exec(each) ?? [];
    return field && message ? [{ field, message }] : [];
  });
}
