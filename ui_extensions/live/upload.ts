// Sends files to the server. Unlike fetch, XMLHttpRequest says how much of them has been sent.

import type { ServerAddress } from "./address";
import { refusal, RequestError } from "./rest";

interface Options {
  /** Gets the share of the form that has been sent, from 0 to 1. */
  onSent(share: number): void;
  signal: AbortSignal;
  deadlineMs: number;
}

/** The answer, of any type. Rejects with a RequestError, or with the signal's reason once it is aborted. */
export async function upload(
  address: ServerAddress,
  path: string,
  form: FormData,
  { onSent, signal, deadlineMs }: Options,
): Promise<Response> {
  signal.throwIfAborted();
  const request = new XMLHttpRequest();
  const abort = () => request.abort();
  signal.addEventListener("abort", abort);
  try {
    const response = await sent(request, address, path, form, onSent, deadlineMs);
    if (!response.ok) {
      throw await refusal(response);
    }
    return response;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function sent(
  request: XMLHttpRequest,
  address: ServerAddress,
  path: string,
  form: FormData,
  onSent: (share: number) => void,
  deadlineMs: number,
): Promise<Response> {
  request.open("POST", address.http(path));
  request.responseType = "blob";
  request.timeout = deadlineMs;
  if (address.workspace) {
    request.setRequestHeader("X-MLFLOW-WORKSPACE", address.workspace);
  }
  return new Promise((resolve, reject) => {
    const fail = (why: string) => () => reject(new RequestError(0, "UNREACHABLE", why));
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      onSent(total > 0 ? loaded / total : 0);
    });
    request.upload.addEventListener("load", () => onSent(1));
    request.addEventListener("load", () => resolve(responseOf(request)));
    request.addEventListener("error", fail("the connection was lost"));
    request.addEventListener("timeout", fail("no answer came in time"));
    request.addEventListener("abort", fail("cancelled"));
    request.send(form);
  });
}

function responseOf(request: XMLHttpRequest): Response {
  const headers = new Headers();
  const id = request.getResponseHeader("X-Request-ID");
  if (id !== null) {
    headers.set("X-Request-ID", id);
  }
  const { status, statusText } = request;
  return new Response(request.response as Blob, { status, statusText, headers });
}
