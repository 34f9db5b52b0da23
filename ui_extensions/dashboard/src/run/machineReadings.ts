// Readings of machines: training machines from a run's `system/…` metrics, and the server's.

import type { SystemMetrics, SystemStats } from "../../../live/schemas";

export const SYSTEM = "system/";
const BYTES_PER_MB = 1e6;
const BYTES_PER_GB = 1e9;

/** By MLflow's names, without `system/`. */
export type SystemValues = Readonly<Record<string, number | null>>;

export interface GpuReading {
  name: string;
  loadPercent: number | null;
  memoryPercent: number | null;
  memoryBytes: number | null;
  memoryTotalBytes: number | null;
  celsius: number | null;
  watts: number | null;
  powerPercent: number | null;
}

export interface MachineReading {
  /** Id of the node; empty if the run is on only one. */
  node: string;
  cpuPercent: number | null;
  /** Null if unknown. */
  numCores: number | null;
  memoryPercent: number | null;
  memoryBytes: number | null;
  memoryTotalBytes: number | null;
  diskPercent: number | null;
  diskFreeBytes: number | null;
  receivedBytes: number | null;
  sentBytes: number | null;
  gpus: readonly GpuReading[];
}

export function systemValues(other: Readonly<Record<string, number | null>>): SystemValues {
  return Object.fromEntries(
    Object.entries(other).flatMap(([name, value]) =>
      name.startsWith(SYSTEM) ? [[name.slice(SYSTEM.length), value]] : [],
    ),
  );
}

/** `values` updated by a live message, which covers only the first GPU. */
export function updated(values: SystemValues, live: SystemMetrics): SystemValues {
  const changes: Record<string, number | null | undefined> = {
    cpu_utilization_percentage: live.cpu_usage,
    system_memory_usage_percentage: live.ram_usage,
    gpu_0_utilization_percentage: live.gpu?.usage,
    gpu_0_temperature_celsius: live.gpu?.temperature,
    gpu_0_memory_usage_megabytes: megabytes(live.gpu?.memory_used),
    gpu_0_memory_usage_percentage: percentOf(live.gpu?.memory_used, live.gpu?.memory_total),
  };
  const known = Object.entries(changes).filter(([, value]) => typeof value === "number");
  return { ...values, ...(Object.fromEntries(known) as Record<string, number>) };
}

const METRIC = /^(?:(.+)\/)?([^/]+)$/;
const GPU_METRIC = /^gpu_(\d+)_(.+)$/;

/** One reading per node, sorted by name. */
export function machines(values: SystemValues): MachineReading[] {
  const nodes = new Map<string, Map<string, number | null>>();
  for (const [name, value] of Object.entries(values)) {
    const [, node = "", metric = name] = METRIC.exec(name) ?? [];
    const known = nodes.get(node) ?? new Map<string, number | null>();
    nodes.set(node, known.set(metric, value));
  }
  return [...nodes].sort(([a], [b]) => byNumber(a, b)).map(([node, named]) => machine(node, named));
}

export function serverMachine({ cpu, memory, disk, gpu }: SystemStats): MachineReading {
  return {
    node: "",
    cpuPercent: cpu.usage_percent,
    numCores: cpu.count,
    memoryPercent: memory.percent,
    memoryBytes: memory.used,
    memoryTotalBytes: memory.total,
    diskPercent: disk.percent,
    diskFreeBytes: disk.free,
    receivedBytes: null,
    sentBytes: null,
    gpus: gpu.map((each) => ({
      name: `GPU ${each.id} · ${each.name}`,
      loadPercent: each.load,
      memoryPercent: each.memory_percent,
      memoryBytes: each.memory_used,
      memoryTotalBytes: each.memory_total,
      celsius: each.temperature,
      watts: null,
      powerPercent: null,
    })),
  };
}

function machine(node: string, named: ReadonlyMap<string, number | null>): MachineReading {
  const value = (name: string): number | null => named.get(name) ?? null;
  const memoryBytes = scaled(value("system_memory_usage_megabytes"), BYTES_PER_MB);
  const memoryPercent = value("system_memory_usage_percentage");
  return {
    node,
    cpuPercent: value("cpu_utilization_percentage"),
    numCores: null,
    memoryPercent,
    memoryBytes,
    memoryTotalBytes: wholeOf(memoryBytes, memoryPercent),
    diskPercent: value("disk_usage_percentage"),
    diskFreeBytes: scaled(value("disk_available_megabytes"), BYTES_PER_MB),
    receivedBytes: scaled(value("network_receive_megabytes"), BYTES_PER_MB),
    sentBytes: scaled(value("network_transmit_megabytes"), BYTES_PER_MB),
    gpus: gpuNumbers(named).map((number) => gpu(number, value)),
  };
}

function gpuNumbers(named: ReadonlyMap<string, number | null>): string[] {
  const numbers = [...named.keys()].flatMap((name) => GPU_METRIC.exec(name)?.[1] ?? []);
  return [...new Set(numbers)].sort(byNumber);
}

function gpu(number: string, value: (name: string) => number | null): GpuReading {
  const of = (name: string) => value(`gpu_${number}_${name}`);
  // MLflow logs NVIDIA's memory in megabytes, AMD's in gigabytes.
  const memoryBytes =
    scaled(of("memory_usage_megabytes"), BYTES_PER_MB) ??
    scaled(of("memory_usage_gigabytes"), BYTES_PER_GB);
  const memoryPercent = of("memory_usage_percentage");
  return {
    name: `GPU ${number}`,
    loadPercent: of("utilization_percentage"),
    memoryPercent,
    memoryBytes,
    memoryTotalBytes: wholeOf(memoryBytes, memoryPercent),
    celsius: of("temperature_celsius"),
    watts: of("power_usage_watts"),
    powerPercent: of("power_usage_percentage"),
  };
}

function byNumber(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

function scaled(value: number | null, factor: number): number | null {
  return value === null ? null : value * factor;
}

/** The total from a part and its percentage; null below 1%, where rounding is too coarse. */
function wholeOf(part: number | null, percent: number | null): number | null {
  return part === null || percent === null || percent < 1 ? null : (part / percent) * 100;
}

function megabytes(gigabytes: number | null | undefined): number | undefined {
  return gigabytes === null || gigabytes === undefined
    ? undefined
    : (gigabytes * BYTES_PER_GB) / BYTES_PER_MB;
}

function percentOf(
  part: number | null | undefined,
  whole: number | null | undefined,
): number | undefined {
  return part === null || part === undefined || !whole ? undefined : (part / whole) * 100;
}
