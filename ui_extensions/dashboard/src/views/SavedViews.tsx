import { useState } from "react";
import { Link } from "wouter";
import { closed } from "../../../live/bidi";
import type { SavedView, ViewPage } from "../../../live/schemas";
import { useWords, words } from "../i18n/words";
import { Button } from "../ui/Button";
import { copyText } from "../ui/copyText";
import { Dialog, DialogActions } from "../ui/Dialog";
import { ErrorNote } from "../ui/ErrorNote";
import { currentQuery } from "../ui/hashLocation";
import { Empty } from "../ui/Section";
import { useAction } from "../ui/useAction";
import { addressOfView, deleteView, renameView, saveView, useSavedViews } from "./storedViews";
import styles from "./SavedViews.module.css";

const texts = words(
  {
    open: "Saved views…",
    title: "Saved views",
    name: "Name of this view",
    save: "Save this view",
    none: "No view is saved yet.",
    loading: "Loading the views…",
    table: "table",
    compare: "comparison",
    copy: (name: string) => `Copy the link to ${name}`,
    copyShort: "Copy the link",
    copied: "Copied",
    rename: (name: string) => `Rename ${name}`,
    renameShort: "Rename",
    newName: (name: string) => `New name of ${name}`,
    keep: "Keep the name",
    remove: (name: string) => `Delete ${name}`,
    removeShort: "Delete",
    sure: (name: string) => `Delete ${name} for everybody`,
    sureShort: "Delete for everybody",
    close: "Close",
  },
  {
    fr: {
      open: "Vues enregistrées…",
      title: "Vues enregistrées",
      name: "Nom de cette vue",
      save: "Enregistrer cette vue",
      none: "Aucune vue n’est enregistrée.",
      loading: "Chargement des vues…",
      table: "tableau",
      compare: "comparaison",
      copy: (name) => `Copier le lien vers ${name}`,
      copyShort: "Copier le lien",
      copied: "Copié",
      rename: (name) => `Renommer ${name}`,
      renameShort: "Renommer",
      newName: (name) => `Nouveau nom de ${name}`,
      keep: "Garder le nom",
      remove: (name) => `Supprimer ${name}`,
      removeShort: "Supprimer",
      sure: (name) => `Supprimer ${name} pour tout le monde`,
      sureShort: "Supprimer pour tout le monde",
      close: "Fermer",
    },
  },
);

const LONGEST_NAME = 250;

/** A button whose dialog saves the address of this page by a name, and lists the saved ones. */
export function SavedViews({ page }: { page: ViewPage }) {
  const t = useWords(texts);
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setIsOpen(true)}>{t.open}</Button>
      {isOpen && <ViewDialog page={page} onClose={() => setIsOpen(false)} />}
    </>
  );
}

function ViewDialog({ page, onClose }: { page: ViewPage; onClose(): void }) {
  const t = useWords(texts);
  const { data, error, refetch } = useSavedViews();
  const [name, setName] = useState("");
  const saving = useAction();
  const save = (): void =>
    saving.run(
      () => saveView(name, page, currentQuery()),
      () => {
        setName("");
        refetch();
      },
    );
  return (
    <Dialog title={t.title} onClose={onClose} isWide>
      <form
        className={styles.save}
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <label>
          {t.name}
          <input
            value={name}
            required
            maxLength={LONGEST_NAME}
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        <Button type="submit" variant="primary" isBusy={saving.isBusy}>
          {t.save}
        </Button>
      </form>
      {saving.error && <ErrorNote error={saving.error} />}
      {error && <ErrorNote error={error} onRetry={refetch} />}
      {!data && !error && <Empty>{t.loading}</Empty>}
      {data?.entries.length === 0 && <Empty>{t.none}</Empty>}
      <ul className={styles.views}>
        {data?.entries.map((view) => (
          <ViewRow key={view.view_id} view={view} onOpen={onClose} onChange={refetch} />
        ))}
      </ul>
      <DialogActions>
        <Button onClick={onClose}>{t.close}</Button>
      </DialogActions>
    </Dialog>
  );
}

interface RowProps {
  view: SavedView;
  onOpen(): void;
  onChange(): void;
}

function ViewRow({ view, onOpen, onChange }: RowProps) {
  const t = useWords(texts);
  const { view_id, name, page } = view;
  const [typed, setTyped] = useState<string | null>(null);
  const [isSure, setIsSure] = useState(false);
  const [isCopied, setIsCopied] = useState(false);
  const { isBusy, error, run } = useAction();
  const copy = async (): Promise<void> => {
    setIsCopied(await copyText(new URL(`#/views/${view_id}`, location.href).href));
  };
  const rename = (): void =>
    run(
      () => renameView(view_id, typed ?? name),
      () => {
        setTyped(null);
        onChange();
      },
    );
  if (typed !== null) {
    return (
      <li>
        <input
          aria-label={t.newName(name)}
          className={styles.name}
          value={typed}
          maxLength={LONGEST_NAME}
          onChange={(event) => setTyped(event.target.value)}
          onKeyDown={(event) => event.key === "Enter" && rename()}
        />
        <Button isBusy={isBusy} onClick={rename}>
          {t.renameShort}
        </Button>
        <Button variant="subtle" onClick={() => setTyped(null)}>
          {t.keep}
        </Button>
        {error && <ErrorNote error={error} />}
      </li>
    );
  }
  return (
    <li>
      <Link href={addressOfView(view)} className={styles.name} onClick={onOpen}>
        <bdi>{closed(name)}</bdi>
      </Link>
      <span className={styles.page}>{t[page]}</span>
      <Button variant="subtle" aria-label={t.copy(name)} onClick={() => void copy()}>
        {isCopied ? t.copied : t.copyShort}
      </Button>
      <Button variant="subtle" aria-label={t.rename(name)} onClick={() => setTyped(name)}>
        {t.renameShort}
      </Button>
      <Button
        variant={isSure ? "danger" : "subtle"}
        aria-label={(isSure ? t.sure : t.remove)(name)}
        isBusy={isBusy}
        onClick={() => (isSure ? run(() => deleteView(view_id), onChange) : setIsSure(true))}
      >
        {isSure ? t.sureShort : t.removeShort}
      </Button>
      {error && <ErrorNote error={error} />}
    </li>
  );
}
