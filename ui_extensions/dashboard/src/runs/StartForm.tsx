import type { RecipeEntry } from "../../../live/schemas";
import { useWords, words } from "../i18n/words";
import { rest } from "../live/session";
import { Button } from "../ui/Button";
import { Dialog, DialogActions } from "../ui/Dialog";
import { ErrorNote } from "../ui/ErrorNote";
import { Empty } from "../ui/Section";
import { useQuery } from "../ui/useQuery";
import { StartFields } from "./StartFields";

const texts = words(
  {
    title: "Start a training",
    loading: "Loading the recipes…",
    none: "This server has no recipe to train.",
    close: "Close",
  },
  {
    fr: {
      title: "Lancer un entraînement",
      loading: "Chargement des recettes…",
      none: "Ce serveur n’a pas de recette à entraîner.",
      close: "Fermer",
    },
  },
);

interface Props {
  onClose(): void;
  onStarted(runId: string): void;
}

function read(signal: AbortSignal): Promise<RecipeEntry[]> {
  return rest.get<RecipeEntry[]>("api/recipes", {}, signal);
}

/** The dialog that starts a training, with the fields of the server's recipes. */
export function StartForm({ onClose, onStarted }: Props) {
  const t = useWords(texts);
  const { data, error, refetch } = useQuery(read);
  const [first] = data ?? [];
  return (
    <Dialog title={t.title} onClose={onClose} isWide>
      {data && first ? (
        <StartFields recipes={data} first={first} onClose={onClose} onStarted={onStarted} />
      ) : (
        <>
          {error && <ErrorNote error={error} onRetry={refetch} />}
          {!error && <Empty>{data ? t.none : t.loading}</Empty>}
          <DialogActions>
            <Button onClick={onClose}>{t.close}</Button>
          </DialogActions>
        </>
      )}
    </Dialog>
  );
}
