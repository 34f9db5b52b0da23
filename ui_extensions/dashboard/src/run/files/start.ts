// The beginning of a response, however long it is.

export interface Start {
  text: string;
  /** Whether this is all of the file. */
  isWhole: boolean;
}

/** At most `maxBytes`; the rest, which a server without ranges sends as well, is not received. */
export async function startOf(response: Response, maxBytes: number): Promise<Start> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let left = maxBytes;
  while (reader) {
    const { done, value } = await reader.read();
    if (done) {
      break;
    }
    text += decoder.decode(value.subarray(0, left), { stream: true });
    left -= value.length;
    if (left < 0) {
      await reader.cancel();
      return { text, isWhole: false };
    }
  }
  return { text: text + decoder.decode(), isWhole: true };
}
