import { expect, it } from "vitest";
import { startOf } from "./start";

it("reads a whole file, also one whose characters the pieces divide", async () => {
  const bytes = new TextEncoder().encode("naïve 🦋");
  const pieces = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const byte of bytes) {
        controller.enqueue(new Uint8Array([byte]));
      }
      controller.close();
    },
  });
  expect(await startOf(new Response(pieces), 100)).toEqual({ text: "naïve 🦋", isWhole: true });
  expect(await startOf(new Response(null), 100)).toEqual({ text: "", isWhole: true });
});

it("stops reading an endless file", async () => {
  let isCancelled = false;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(new Uint8Array(1000).fill(120));
    },
    cancel() {
      isCancelled = true;
    },
  });
  const start = await startOf(new Response(endless), 2500);
  expect(start).toEqual({ text: "x".repeat(2500), isWhole: false });
  expect(isCancelled).toBe(true);
});
