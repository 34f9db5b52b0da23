import { expect, it } from "vitest";
import type { JobQueue } from "../../../live/schemas";
import { isShown, numFree } from "./queueFacts";

function queue(changed: Partial<JobQueue>): JobQueue {
  return { pool: "gpu", num_slots: 2, num_used: 1, running: [], waiting: [], ...changed };
}

const PLACE = {
  job_id: null,
  type: null,
  priority: 5,
  num_slots: 1,
  position: 1,
  since: "2026-06-13T10:30:00Z",
};

it("shows no queue for what the cluster does not have", () => {
  expect(isShown(queue({ num_slots: 0 }))).toBe(false);
  expect(isShown(queue({ num_slots: 0, waiting: [PLACE] }))).toBe(true);
  expect(isShown(queue({ num_slots: null }))).toBe(true);
  expect(isShown(queue({}))).toBe(true);
});

it("counts the free slots", () => {
  expect(numFree(queue({}))).toBe(1);
  expect(numFree(queue({ num_used: 3 }))).toBe(0);
  expect(numFree(queue({ num_slots: null }))).toBeNull();
});
