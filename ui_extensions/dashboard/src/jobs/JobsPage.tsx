import { useCallback, useState } from "react";
import { useWords, words } from "../i18n/words";
import { PageHead } from "../ui/PageHead";
import { usePageTitle } from "../ui/usePageTitle";
import { BaseModelTable } from "./BaseModelTable";
import { DatasetTable } from "./DatasetTable";
import { JobList } from "./JobList";
import styles from "./Jobs.module.css";
import { Queues } from "./Queues";

const texts = words({ title: "Jobs" }, { fr: { title: "Tâches" } });

/** What this server runs and what waits, and what is registered to train on and from. */
export function JobsPage() {
  const t = useWords(texts);
  // A change in one list is shown in the other at once.
  const [changes, setChanges] = useState(0);
  const onChanged = useCallback(() => setChanges((count) => count + 1), []);
  usePageTitle(t.title);
  return (
    <div className={styles.page}>
      <PageHead title={t.title}>{null}</PageHead>
      <Queues changes={changes} onChanged={onChanged} />
      <JobList changes={changes} onChanged={onChanged} />
      <DatasetTable />
      <BaseModelTable />
    </div>
  );
}
