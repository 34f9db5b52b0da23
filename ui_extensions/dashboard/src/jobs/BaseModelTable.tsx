import type { RegisteredModel } from "../../../live/schemas";
import { NOTHING, useFormats } from "../i18n/useFormats";
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
import { readBaseModels } from "./registered";

const texts = words(
  {
    title: "Registered base models",
    loading: "Loading the base models…",
    none: "None is registered. To register one, send its name and its path to",
    name: "Name",
    family: "Family",
    source: "Folder or id on the hub",
    size: "Size",
    licence: "Licence",
    inspected: "Looked at",
    actions: "Actions",
    again: "Look again",
  },
  {
    fr: {
      title: "Modèles de base enregistrés",
      loading: "Chargement des modèles de base…",
      none: "Aucun n’est enregistré. Pour en enregistrer un, envoyez son nom et son chemin à",
      name: "Nom",
      family: "Famille",
      source: "Dossier ou identifiant sur le hub",
      size: "Taille",
      licence: "Licence",
      inspected: "Examiné",
      actions: "Actions",
      again: "Réexaminer",
    },
  },
);

/** The models that trainings start from, with what is known of each. */
export function BaseModelTable() {
  const t = useWords(texts);
  const { data, error, refetch } = useQuery(readBaseModels);
  return (
    <Section title={t.title}>
      {error && <ErrorNote error={error} onRetry={refetch} />}
      {!data && !error && <Empty>{t.loading}</Empty>}
      {data?.entries.length === 0 && (
        <Empty>
          {t.none} <code className={styles.call}>POST /api/models</code>
        </Empty>
      )}
      {data && data.entries.length > 0 && (
        <section className={table.scroller} tabIndex={0} aria-label={t.title}>
          <table className={`${table.table} ${styles.rows}`}>
            <thead>
              <tr>
                <th scope="col">{t.name}</th>
                <th scope="col">{t.family}</th>
                <th scope="col">{t.source}</th>
                <th scope="col" className={table.number}>
                  {t.size}
                </th>
                <th scope="col">{t.licence}</th>
                <th scope="col">{t.inspected}</th>
                <th scope="col">{t.actions}</th>
              </tr>
            </thead>
            <tbody>
              {data.entries.map((model) => (
                <Row key={model.id} model={model} onInspected={refetch} />
              ))}
            </tbody>
          </table>
        </section>
      )}
    </Section>
  );
}

interface RowProps {
  model: RegisteredModel;
  onInspected(): void;
}

function Row({ model, onInspected }: RowProps) {
  const t = useWords(texts);
  const { bytes, date } = useFormats();
  const { isBusy, error, run } = useAction();
  const { id, name, unknown, size_bytes: size } = model;
  const inspect = () =>
    run(() => rest.post<RegisteredModel>(`api/models/${id}/inspect`, {}, {}, 60_000), onInspected);
  return (
    <tr>
      <th scope="row">
        <LongText text={name} />
      </th>
      <td>{model.family ?? NOTHING}</td>
      <td className={styles.path}>
        <LongText text={model.path ?? model.hub_id ?? ""} />
        {unknown && (
          <p lang="en" className={styles.note}>
            {unknown}
          </p>
        )}
      </td>
      <td className={table.number}>{size === null ? NOTHING : bytes(size)}</td>
      <td>
        <LongText text={model.licence || NOTHING} />
      </td>
      <td>
        <time dateTime={model.inspected_at}>{date(model.inspected_at)}</time>
      </td>
      <td>
        <Button isBusy={isBusy} onClick={inspect}>
          {t.again} <span className="visually-hidden">{name}</span>
        </Button>
        {error && <ErrorNote error={error} />}
      </td>
    </tr>
  );
}
