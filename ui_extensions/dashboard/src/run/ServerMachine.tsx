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
  { title: "This server’s machine", loading: "Loading…" },
  { fr: { title: "La machine de ce serveur", loading: "Chargement…" } },
);

interface Timed {
  stats: SystemStats;
  /** By the browser's clock, which may differ from the server's. */
  readMs: number;
}

/** Used until the section is visible for the first time. */
const notRequested = (): Promise<Timed | undefined> => Promise.resolve(undefined);

async function read(signal: AbortSignal): Promise<Timed | undefined> {
  const stats = await rest.get<SystemStats>("api/stats", {}, signal);
  return { stats, readMs: Date.now() };
}

/** The load of the server's machine. */
export function ServerMachine({ isVisible }: { isVisible: boolean }) {
  const t = useWords(texts);
  const nowMs = useNow(INTERVAL_MS);
  const [times, setTimes] = useState(0);
  const [wasSeen, setWasSeen] = useState(false);
  const { data, error, refetch } = useQuery(wasSeen ? read : notRequested, times);
  useEffect(() => {
    if (!isVisible) {
      return undefined;
    }
    setWasSeen(true);
    setTimes((before) => before + 1);
    const timer = setInterval(() => setTimes((before) => before + 1), INTERVAL_MS);
    return () => clearInterval(timer);
  }, [isVisible]);

  const isOutdated = data !== undefined && nowMs - data.readMs > OLD_MS;
  return (
    <MachinePart
      title={t.title}
      readMs={data?.readMs ?? null}
      nowMs={nowMs}
      isOutdated={isOutdated}
    >
      {data && <MachineMeters machine={serverMachine(data.stats)} isOutdated={isOutdated} />}
      {!data && error && <ErrorNote error={error} onRetry={refetch} />}
      {!data && !error && <Empty>{t.loading}</Empty>}
    </MachinePart>
  );
}
