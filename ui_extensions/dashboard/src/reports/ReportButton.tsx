import { lazy, Suspense, useState } from "react";
import { useWords, words } from "../i18n/words";
import { Button } from "../ui/Button";
import type { ReportSubject } from "./reportSubject";

const texts = words({ report: "Report…" }, { fr: { report: "Rapport…" } });

/** Loaded when it is opened, so that the pages of runs stay small. */
const ReportDialog = lazy(async () => ({
  default: (await import("./ReportDialog")).ReportDialog,
}));

/** Opens the dialog that makes a report on a run, on several, or on a project. */
export function ReportButton({ subject }: { subject: ReportSubject }) {
  const t = useWords(texts);
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setIsOpen(true)}>{t.report}</Button>
      {isOpen && (
        <Suspense fallback={null}>
          <ReportDialog subject={subject} onClose={() => setIsOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
