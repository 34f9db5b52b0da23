import type { DatasetKind, RegisteredDataset } from "../../../live/schemas";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { rest } from "../live/session";
import table from "../projects/Table.module.css";
import { Button } from "../ui/Button";
import { ErrorNote } from "../ui/ErrorNote";
import { LongText } from "../ui/LongText";
import { Empty, Section } from "../ui/Section";
import { useAction } from "../ui/useAction";
import { useQuery } from "../ui/useQuery";
import styles from "./Jobs.module.css";
import { readDatasets } from "./registered";

const texts = words(
  {
    title: "Registered data sets",
    loading: "Loading the data sets…",
    none: "None is registered. To register one:",
    name: "Name",
    kind: "Kind",
    path: "Folder",
    images: "Images",
    captions: "With caption",
    unmatched: "Captions without image",
    counted: "Counted",
    actions: "Actions",
    again: "Count again",
    captioned_images: "images with captions",
    class_folders: "a folder for each class",
    masked_images: "images with masks",
  },
  {
    fr: {
      title: "Jeux de données enregistrés",
      loading: "Chargement des jeux de données…",
      none: "Aucun n’est enregistré. Pour en enregistrer un :",
      name: "Nom",
      kind: "Type",
      path: "Dossier",
      images: "Images",
      captions: "Avec légende",
      unmatched: "Légendes sans image",
      counted: "Comptés",
      actions: "Actions",
      again: "Recompter",
      captioned_images: "images avec légendes",
      class_folders: "un dossier par classe",
      masked_images: "images avec masques",
    },
  },
);

/** The folders that trainings name by an id, with what was counted in them. */
export function DatasetTable() {
  const t = useWords(texts);
  const { data, error, refetch } = useQuery(readDatasets);
  return (
    <Section title={t.title}>
      {error && <ErrorNote error={error} onRetry={refetch} />}
      {!data && !error && <Empty>{t.loading}</Empty>}
      {data?.entries.length === 0 && (
        <Empty>
          {t.none} <code className={styles.call}>fovea datasets add NAME /FOLDER</code>
        </Empty>
      )}
      {data && data.entries.length > 0 && (
        <section className={table.scroller} tabIndex={0} aria-label={t.title}>
          <table className={`${table.table} ${styles.rows}`}>
            <thead>
              <tr>
                <th scope="col">{t.name}</th>
                <th scope="col">{t.kind}</th>
                <th scope="col">{t.path}</th>
                <th scope="col" className={table.number}>
                  {t.images}
                </th>
                <th scope="col" className={table.number}>
                  {t.captions}
                </th>
                <th scope="col" className={table.number}>
                  {t.unmatched}
                </th>
                <th scope="col">{t.counted}</th>
                <th scope="col">{t.actions}</th>
              </tr>
            </thead>
            <tbody>
              {data.entries.map((dataset) => (
                <Row key={dataset.id} dataset={dataset} onCounted={refetch} />
              ))}
            </tbody>
          </table>
        </section>
      )}
    </Section>
  );
}

interface RowProps {
  dataset: RegisteredDataset;
  onCounted(): void;
}

function Row({ dataset, onCounted }: RowProps) {
  const t = useWords(texts);
  const { whole, date } = useFormats();
  const { isBusy, error, run } = useAction();
  const { id, name, unknown } = dataset;
  const kind: DatasetKind = dataset.kind;
  const count = () =>
    run(() => rest.post<RegisteredDataset>(`api/datasets/${id}/count`, {}, {}, 60_000), onCounted);
  return (
    <tr>
      <th scope="row">
        <LongText text={name} />
      </th>
      <td>{t[kind]}</td>
      <td className={styles.path}>
        <LongText text={dataset.path} />
        {unknown && (
          <p lang="en" className={styles.note}>
            {unknown}
          </p>
        )}
      </td>
      <td className={table.number}>{whole(dataset.num_images)}</td>
      <td className={table.number}>{whole(dataset.num_captions)}</td>
      <td className={table.number}>{whole(dataset.num_unmatched_captions)}</td>
      <td>
        <time dateTime={dataset.counted_at}>{date(dataset.counted_at)}</time>
      </td>
      <td>
        <Button isBusy={isBusy} onClick={count}>
          {t.again} <span className="visually-hidden">{name}</span>
        </Button>
        {error && <ErrorNote error={error} />}
      </td>
    </tr>
  );
}
