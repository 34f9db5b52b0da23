import { useEffect, useState } from "react";
import type { SystemStats } from "../../../live/schemas";
import { useWords, words } from "../i18n/words";
import { rest } from "../live/session";
import { ErrorNote } from "../ui/ErrorNote";
import { Empty } from "../ui/Section";
import { useQuery } from "../ui/useQuery";
import { useNow } from "../ui/useNow";
import { MachineMeters } from "./MachineMeters";
import { MachinePart } from "./MachinePart";
import { serverMachine } from "./machineReadings";

const INTERVAL_MS = 5_000;
const OLD_MS = 3 * INTERVAL_MS;

const texts = words(
  { title: "This server’s machine", reading: "Reading…" },
  { fr: { title: "La machine de ce serveur", reading: "Lecture…" } },
);

interface Timed {
  stats: SystemStats;
  /** By this machine's clock, which the server's need not agree with. */
  readMs: number;
}

/** Nobody is asked while nobody looks. */
const unasked = (): Promise<Timed | undefined> => Promise.resolve(undefined);

async function read(signal: AbortSignal): Promise<Timed | undefined> {
  const stats = await rest.get<SystemStats>("api/stats", {}, signal);
  return { stats, readMs: Date.now() };
}

/** How busy the machine is that this page comes from. */
export function ServerMachine({ isVisible }: { isVisible: boolean }) {
  const t = useWords(texts);
  const nowMs = useNow(INTERVAL_MS);
  const [times, setTimes] = useState(0);
  const [wasSeen, setWasSeen] = useState(false);
  const { data, error, refetch } = useQuery(wasSeen ? read : unasked, times);
  useEffect(() => {
    if (!isVisible) {
      return undefined;
    }
    setWasSeen(true);
    setTimes((before) => before + 1);
    const timer = setInterval(() => setTimes((before) => before + 1), INTERVAL_MS);
    return () => clearInterval(timer);
  }, [isVisible]);

  const isOld = data !== undefined && nowMs - data.readMs > OLD_MS;
  return (
    <MachinePart title={t.title} readMs={data?.readMs ?? null} nowMs={nowMs} isOld={isOld}>
      {data && <MachineMeters machine={serverMachine(data.stats)} isOld={isOld} />}
      {!data && error && <ErrorNote error={error} onRetry={refetch} />}
      {!data && !error && <Empty>{t.reading}</Empty>}
    </MachinePart>
  );
}
