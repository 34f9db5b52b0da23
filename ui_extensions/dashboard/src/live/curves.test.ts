import { expect, it, vi } from "vitest";
import { RequestError, type Rest } from "../../../live/rest";
import { Curves } from "./curves";

const TIMESTAMP = "2026-01-01T00:00:00Z";

/** The server answers the steps 1 to 3, unless `failing.error` is set. */
function setUp() {
  const failing: { error: RequestError | null } = { error: null };
  const entries = [1, 2, 3].map((step) => ({ step, value: step / 10, timestamp: TIMESTAMP }));
  const list = vi.fn(() =>
    failing.error ? Promise.reject(failing.error) : Promise.resolve({ entries, total: 3 }),
  );
  const curves = new Curves({ list } as unknown as Rest);
  const steps = () => [...curves.curve("r", "m").series.view().steps];
  const settled = () => vi.waitFor(() => expect(curves.curve("r", "m").state).not.toBe("loading"));
  return { curves, failing, list, steps, settled };
}

it("retries a failed load, and merges it with points received live since", async () => {
  const { curves, failing, steps, settled } = setUp();
  failing.error = new RequestError(0, "UNREACHABLE", "gone");
  curves.curve("r", "m");
  await settled();
  curves.add("r", [{ metric: "m", step: 4, value: 0.4, timestamp: TIMESTAMP }]);
  expect(steps()).toEqual([4]);
  failing.error = null;
  curves.retry();
  await settled();
  expect(steps()).toEqual([1, 2, 3, 4]);
});

it("loads once more if points were missed during a load", async () => {
  const { curves, list, settled } = setUp();
  curves.curve("r", "m");
  curves.refresh();
  curves.refresh("r");
  curves.refresh("another");
  await settled();
  await vi.waitFor(() => expect(list).toHaveBeenCalledTimes(2));
  await settled();
  expect(curves.curve("r", "m").state).toBe("loaded");
  expect(list).toHaveBeenCalledTimes(2);
});

it("does not retry what the server has refused or answered", async () => {
  const { curves, failing, list, settled } = setUp();
  failing.error = new RequestError(404, "NOT_FOUND", "no such run");
  curves.curve("r", "m");
  await settled();
  curves.retry();
  expect(list).toHaveBeenCalledTimes(1);
  failing.error = null;
  curves.refresh();
  await settled();
  curves.retry();
  expect(list).toHaveBeenCalledTimes(2);
});
