import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import styles from "./MachineMeters.module.css";
import { Meter } from "./Meter";
import type { GpuReading, MachineReading } from "./machineReadings";

const HOT_CELSIUS = 85;
const NEARLY_FULL_PERCENT = 90;

const texts = words(
  {
    cpu: "CPU",
    cores: (percent: string, count: string) => `${percent} of ${count} cores`,
    memory: "Memory",
    disk: "Disk",
    network: "Network",
    traffic: (received: string, sent: string) => `${received} in, ${sent} out`,
    load: "Load",
    temperature: "Temperature",
    power: "Power",
    of: (part: string, whole: string) => `${part} of ${whole}`,
    free: (percent: string, free: string) => `${percent}, ${free} free`,
    full: "nearly full",
    hot: "too hot",
    noGpu: "No GPU.",
  },
  {
    fr: {
      cpu: "CPU",
      cores: (percent, count) => `${percent} de ${count} cœurs`,
      memory: "Mémoire",
      disk: "Disque",
      network: "Réseau",
      traffic: (received, sent) => `${received} reçus, ${sent} émis`,
      load: "Charge",
      temperature: "Température",
      power: "Puissance",
      of: (part, whole) => `${part} sur ${whole}`,
      free: (percent, free) => `${percent}, ${free} libres`,
      full: "presque plein",
      hot: "trop chaud",
      noGpu: "Pas de GPU.",
    },
  },
);

/** The load of a machine; outdated readings give no warnings. */
export function MachineMeters({
  machine,
  isOutdated,
}: {
  machine: MachineReading;
  isOutdated: boolean;
}) {
  const t = useWords(texts);
  const { percent: share, whole, bytes } = useFormats();
  const percent = (value: number | null) => share(value === null ? null : value / 100, 0);
  const warned = (value: number | null) =>
    !isOutdated && value !== null && value >= NEARLY_FULL_PERCENT ? t.full : undefined;
  const { cpuPercent, numCores, diskPercent, diskFreeBytes, receivedBytes, sentBytes } = machine;
  return (
    <div className={isOutdated ? styles.old : undefined}>
      <dl className={styles.list}>
        {cpuPercent !== null && (
          <Meter
            label={t.cpu}
            percent={cpuPercent}
            text={
              numCores === null
                ? percent(cpuPercent)
                : t.cores(percent(cpuPercent), whole(numCores))
            }
          />
        )}
        <Memory reading={machine} warning={warned(machine.memoryPercent)} />
        {diskPercent !== null && (
          <Meter
            label={t.disk}
            percent={diskPercent}
            text={
              diskFreeBytes === null
                ? percent(diskPercent)
                : t.free(percent(diskPercent), bytes(diskFreeBytes))
            }
            warning={warned(diskPercent)}
          />
        )}
        {receivedBytes !== null && sentBytes !== null && (
          <Meter
            label={t.network}
            percent={null}
            text={t.traffic(bytes(receivedBytes), bytes(sentBytes))}
          />
        )}
      </dl>
      {machine.gpus.length === 0 && <p className={styles.none}>{t.noGpu}</p>}
      <ul className={styles.gpus}>
        {machine.gpus.map((gpu) => (
          <li key={gpu.name}>
            <Gpu gpu={gpu} isOutdated={isOutdated} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Gpu({ gpu, isOutdated }: { gpu: GpuReading; isOutdated: boolean }) {
  const t = useWords(texts);
  const { percent: share, whole } = useFormats();
  const isHot = !isOutdated && gpu.celsius !== null && gpu.celsius >= HOT_CELSIUS;
  return (
    <>
      <h4 className={styles.name}>{gpu.name}</h4>
      <dl className={styles.list}>
        {gpu.loadPercent !== null && (
          <Meter label={t.load} percent={gpu.loadPercent} text={share(gpu.loadPercent / 100, 0)} />
        )}
        {/* Frameworks keep allocated memory, so full GPU memory is no warning. */}
        <Memory reading={gpu} />
        {gpu.celsius !== null && (
          <Meter
            label={t.temperature}
            percent={gpu.celsius}
            text={`${whole(gpu.celsius)} °C`}
            warning={isHot ? t.hot : undefined}
          />
        )}
        {gpu.watts !== null && (
          <Meter label={t.power} percent={gpu.powerPercent} text={`${whole(gpu.watts)} W`} />
        )}
      </dl>
    </>
  );
}

interface MemoryProps {
  reading: Pick<MachineReading, "memoryPercent" | "memoryBytes" | "memoryTotalBytes">;
  warning?: string | undefined;
}

function Memory({ reading, warning }: MemoryProps) {
  const t = useWords(texts);
  const { percent: share, bytes } = useFormats();
  const { memoryPercent, memoryBytes, memoryTotalBytes } = reading;
  if (memoryPercent === null && memoryBytes === null) {
    return null;
  }
  const percent = share(memoryPercent === null ? null : memoryPercent / 100, 0);
  const text =
    memoryBytes === null
      ? percent
      : memoryTotalBytes === null
        ? bytes(memoryBytes)
        : t.of(bytes(memoryBytes), bytes(memoryTotalBytes));
  return <Meter label={t.memory} percent={memoryPercent} text={text} warning={warning} />;
}
