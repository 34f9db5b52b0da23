import { useWords, words } from "../i18n/words";
import { FormField, type InputAttributes } from "./FormField";
import type { ParamField } from "./recipeSchema";

const texts = words(
  {
    preset: "Preset",
    epochs: "Epochs",
    batch_size: "Batch size",
    learning_rate: "Learning rate",
    seed: "Seed",
    weights: "Weights",
    default: (value: string) => `Recipe’s default: ${value}`,
    isOn: "on",
    isOff: "off",
  },
  {
    fr: {
      preset: "Préréglage",
      epochs: "Époques",
      batch_size: "Taille de lot",
      learning_rate: "Taux d’apprentissage",
      seed: "Graine aléatoire",
      weights: "Poids",
      default: (value) => `Recette : ${value}`,
      isOn: "activé",
      isOff: "désactivé",
    },
  },
);

interface Props {
  field: ParamField;
  typed: string;
  problem: string | undefined;
  onTyped(typed: string): void;
  onBlur(): void;
}

/** An input for one parameter; left empty, the recipe or its preset decides. */
export function ParamInput({ field, typed, problem, onTyped, onBlur }: Props) {
  const t = useWords(texts);
  const { name, title, description, kind, defaultText } = field;
  const isListed = kind === "choice" || kind === "boolean";
  const shownDefault =
    defaultText === "true" ? t.isOn : defaultText === "false" ? t.isOff : defaultText || null;
  const ownLabel = isTranslated(name) ? t[name] : null;
  return (
    <FormField
      label={ownLabel ?? <span lang="en">{title}</span>}
      problem={problem}
      hint={
        <>
          {/* The recipe's texts are in English. */}
          <span lang="en">{description}</span>
          {!isListed && shownDefault && (
            <>
              {description && " · "}
              {t.default(shownDefault)}
            </>
          )}
        </>
      }
    >
      {(attributes: InputAttributes) =>
        isListed ? (
          <select {...attributes} value={typed} onChange={(event) => onTyped(event.target.value)}>
            <option value="">{t.default(shownDefault ?? "–")}</option>
            {kind === "boolean" ? (
              <>
                <option value="true">{t.isOn}</option>
                <option value="false">{t.isOff}</option>
              </>
            ) : (
              field.choices.map((choice) => (
                <option key={String(choice)} value={String(choice)}>
                  {String(choice)}
                </option>
              ))
            )}
          </select>
        ) : (
          <input
            {...attributes}
            type="text"
            inputMode={kind === "integer" ? "numeric" : kind === "number" ? "decimal" : "text"}
            autoComplete="off"
            spellCheck={false}
            value={typed}
            onChange={(event) => onTyped(event.target.value)}
            onBlur={(event) => {
              // Showing a problem now would move the button under the pointer.
              if (!(event.relatedTarget instanceof HTMLButtonElement)) {
                onBlur();
              }
            }}
          />
        )
      }
    </FormField>
  );
}

/** The parameters that every recipe has are translated. */
const TRANSLATED = ["preset", "epochs", "batch_size", "learning_rate", "seed", "weights"] as const;

function isTranslated(name: string): name is (typeof TRANSLATED)[number] {
  return TRANSLATED.some((each) => each === name);
}
