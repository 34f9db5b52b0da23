import { useEffect } from "react";
import { useWords, words } from "../i18n/words";
import { ErrorNote } from "../ui/ErrorNote";
import { goTo } from "../ui/hashLocation";
import { Empty } from "../ui/Section";
import { addressOfView, useSavedView } from "./storedViews";

const texts = words({ loading: "Loading…" }, { fr: { loading: "Chargement…" } });

/** Leads to a saved view; Back does not come here again. */
export function SavedViewPage({ viewId }: { viewId: string }) {
  const t = useWords(texts);
  const { data, error, refetch } = useSavedView(viewId);
  useEffect(() => {
    if (data) {
      goTo(addressOfView(data), { replace: true });
    }
  }, [data]);
  return error ? <ErrorNote error={error} onRetry={refetch} /> : <Empty>{t.loading}</Empty>;
}
