import { describe, expect, it } from "vitest";
import { machines, systemValues, updated } from "./machineReadings";

const LOGGED = {
  "train/loss": 0.5,
  "system/cpu_utilization_percentage": 45.2,
  "system/system_memory_usage_megabytes": 8_000,
  "system/system_memory_usage_percentage": 50,
  "system/disk_usage_percentage": 93.1,
  "system/disk_available_megabytes": 7_000,
  "system/network_receive_megabytes": 12.5,
  "system/gpu_10_utilization_percentage": 1,
  "system/gpu_2_utilization_percentage": 99,
  "system/gpu_2_memory_usage_megabytes": 60_000,
  "system/gpu_2_memory_usage_percentage": 75,
  "system/gpu_2_temperature_celsius": 86,
};

describe("the training machine", () => {
  it("is read from the run's system metrics", () => {
    const [machine, ...others] = machines(systemValues(LOGGED));
    expect(others).toEqual([]);
    expect(machine).toMatchObject({
      node: "",
      cpuPercent: 45.2,
      memoryBytes: 8e9,
      memoryTotalBytes: 16e9,
      diskPercent: 93.1,
      diskFreeBytes: 7e9,
      receivedBytes: 12.5e6,
      sentBytes: null,
    });
  });

  it("has its GPUs in the order of their numbers", () => {
    const gpus = machines(systemValues(LOGGED))[0]?.gpus;
    expect(gpus?.map(({ name }) => name)).toEqual(["GPU 2", "GPU 10"]);
    expect(gpus?.[0]).toMatchObject({
      loadPercent: 99,
      memoryBytes: 60e9,
      memoryTotalBytes: 80e9,
      celsius: 86,
    });
    expect(gpus?.[1]).toMatchObject({ memoryBytes: null, celsius: null });
  });

  it("reads AMD's memory, which is in gigabytes", () => {
    const [machine] = machines({
      gpu_0_memory_usage_gigabytes: 12,
      gpu_0_memory_usage_percentage: 0.1,
    });
    expect(machine?.gpus[0]).toMatchObject({ memoryBytes: 12e9, memoryTotalBytes: null });
  });

  it("has one reading per node", () => {
    const values = systemValues({
      "system/node_10/cpu_utilization_percentage": 10,
      "system/node_2/cpu_utilization_percentage": 2,
    });
    expect(machines(values).map(({ node, cpuPercent }) => [node, cpuPercent])).toEqual([
      ["node_2", 2],
      ["node_10", 10],
    ]);
  });

  it("has no reading without system metrics", () => {
    expect(machines(systemValues({ "train/loss": 1 }))).toEqual([]);
  });

  it("is updated by live messages", () => {
    const values = updated(systemValues(LOGGED), {
      cpu_usage: 99,
      ram_usage: null,
      gpu: { usage: 5, memory_used: 40, memory_total: 80, temperature: null },
    });
    expect(machines(values)[0]).toMatchObject({ cpuPercent: 99, memoryPercent: 50 });
    expect(machines(values)[0]?.gpus[0]).toMatchObject({
      name: "GPU 0",
      loadPercent: 5,
      memoryPercent: 50,
      memoryBytes: 40e9,
      celsius: null,
    });
  });
});
