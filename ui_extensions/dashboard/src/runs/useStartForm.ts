// The state of the form that starts a training: input, problems and submission.

import { useEffect, useRef, useState } from "react";
import { asRequestError, type FieldProblem, type RequestError } from "../../../live/rest";
import type { StartRequest, StartResponse } from "../../../live/schemas";
import { useLanguage } from "../i18n/language";
import { useWords } from "../i18n/words";
import { rest } from "../live/session";
import { problemText, problemWords } from "./problemWords";
import type { ParamField, ParamValue } from "./recipeSchema";
import { problemsByField } from "./refusedFields";
import { decimalOf, parseTyped } from "./typedValue";

/** A busy artifact store or database may need this long to create a run. */
const DEADLINE_MS = 60_000;

type ByField = Readonly<Record<string, string>>;

/** The request's `base_model_id`: a recipe may have a setting of that name. */
const MODEL = "registered_model";
const OPTIONAL: readonly string[] = ["data", "dataset_id", MODEL];

/** The fields of the request itself, validated like parameters. */
const REQUEST_FIELDS: readonly ParamField[] = [
  requestField("data", "text", { maxLength: 4096 }),
  requestField("experiment_name", "text", { maxLength: 250 }),
  requestField("workers", "integer", { minimum: 1, maximum: 4096 }),
  requestField("dataset_id", "integer", { minimum: 1 }),
  requestField(MODEL, "integer", { minimum: 1 }),
];

function requestField(
  name: string,
  kind: ParamField["kind"],
  limits: ParamField["limits"],
): ParamField {
  const isRequired = !OPTIONAL.includes(name);
  return {
    name,
    title: name,
    description: "",
    kind,
    defaultText: null,
    isRequired,
    choices: [],
    limits,
  };
}

function ofForm({ field, message }: FieldProblem): FieldProblem {
  return { field: field === "body.base_model_id" ? `body.${MODEL}` : field, message };
}

export function useStartForm(
  recipe: string,
  fields: readonly ParamField[],
  onStarted: (runId: string) => void,
) {
  const t = useWords(problemWords);
  const locale = useLanguage((choice) => choice.locale);
  const element = useRef<HTMLFormElement>(null);
  const isShown = useRef(true);
  const initial = { experiment_name: recipe, workers: "1" };
  const [given, setGiven] = useState<ByField>({});
  const [problems, setProblems] = useState<ByField>({});
  const [error, setError] = useState<RequestError>();
  const [isBusy, setIsBusy] = useState(false);
  const [numRefusals, setNumRefusals] = useState(0);
  const typed: ByField = { ...initial, ...given };

  useEffect(() => {
    isShown.current = true;
    // The element that had the focus was replaced when the recipes were loaded.
    element.current?.querySelector("select")?.focus();
    return () => {
      isShown.current = false;
    };
  }, []);

  useEffect(() => {
    if (numRefusals > 0) {
      const wrong = element.current?.querySelectorAll<HTMLElement>('[aria-invalid="true"]') ?? [];
      for (const field of wrong) {
        field.closest("details")?.setAttribute("open", "");
      }
      wrong[0]?.focus();
    }
  }, [numRefusals]);

  const validate = (field: ParamField) => {
    const result = parseTyped(field, typed[field.name] ?? "", decimalOf(locale));
    return "problem" in result ? { wrong: problemText(t, result.problem) } : result;
  };

  const setProblem = (name: string, problem: string | undefined) =>
    setProblems(({ [name]: _, ...others }) =>
      problem === undefined ? others : { ...others, [name]: problem },
    );

  const refuse = (found: ByField) => {
    setProblems(found);
    setNumRefusals((before) => before + 1);
  };

  const send = async (request: StartRequest) => {
    setIsBusy(true);
    setError(undefined);
    try {
      const path = "api/training/start";
      const { run_id: runId } = await rest.post<StartResponse>(path, {}, request, DEADLINE_MS);
      // Do not leave the page if the form has been closed in the meantime.
      if (isShown.current) {
        onStarted(runId);
      }
    } catch (refused) {
      const failure = asRequestError(refused);
      const known = new Set([...REQUEST_FIELDS, ...fields].map(({ name }) => name));
      const { "": others, ...found } = Object.fromEntries(
        problemsByField(failure.problems.map(ofForm), known.add("recipe")),
      );
      // Errors that are shown at fields are not repeated.
      setError(others === undefined && Object.keys(found).length > 0 ? undefined : failure);
      setIsBusy(false);
      refuse(found);
    }
  };

  const start = () => {
    if (isBusy) {
      return;
    }
    const wrong: Record<string, string> = {};
    const values: Record<string, ParamValue> = {};
    for (const field of [...REQUEST_FIELDS, ...fields]) {
      const result = validate(field);
      if ("wrong" in result) {
        wrong[field.name] = result.wrong;
      } else if (result.value !== undefined) {
        values[field.name] = result.value;
      }
    }
    if (Object.keys(wrong).length > 0) {
      refuse(wrong);
      return;
    }
    const { data, dataset_id, [MODEL]: model, experiment_name, workers, ...params } = values;
    setProblems({});
    void send({
      recipe,
      params,
      experiment_name: String(experiment_name),
      workers: Number(workers),
      // A folder that was typed before a data set was chosen no longer counts.
      ...(data === undefined || dataset_id !== undefined ? {} : { data: String(data) }),
      ...(dataset_id === undefined ? {} : { dataset_id: Number(dataset_id) }),
      ...(model === undefined ? {} : { base_model_id: Number(model) }),
    });
  };

  return {
    element,
    typed,
    problems,
    error,
    isBusy,
    start,
    type(name: string, text: string) {
      setGiven((before) => ({ ...before, [name]: text }));
      setProblem(name, undefined);
    },
    /** Validates a field that loses the focus; missing values are reported only on submission. */
    check(name: string) {
      const field = [...REQUEST_FIELDS, ...fields].find((each) => each.name === name);
      if (field && typed[name]?.trim()) {
        const result = validate(field);
        setProblem(name, "wrong" in result ? result.wrong : undefined);
      }
    },
    /** Clears the parameters, because another recipe has others. */
    reset() {
      setGiven(({ data, workers }) => ({
        ...(data === undefined ? {} : { data }),
        ...(workers === undefined ? {} : { workers }),
      }));
      setProblems({});
      setError(undefined);
    },
  };
}
