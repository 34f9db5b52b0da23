// The texts that several parts of the table of runs share.

import { words } from "../i18n/words";

export const TABLE_WORDS = words(
  {
    name: "Run",
    status: "Status",
    start_time: "Started",
    duration: "Duration",
    experiment_name: "Experiment",
    unnamed: "Unnamed run",
    metrics: "Metrics",
    params: "Params",
    tags: "Tags",
    metric: "metric",
    param: "param",
    tag: "tag",
  },
  {
    fr: {
      name: "Entraînement",
      status: "État",
      start_time: "Démarré",
      duration: "Durée",
      experiment_name: "Expérience",
      unnamed: "Entraînement sans nom",
      metrics: "Métriques",
      params: "Paramètres",
      tags: "Étiquettes",
      metric: "métrique",
      param: "paramètre",
      tag: "étiquette",
    },
  },
);
