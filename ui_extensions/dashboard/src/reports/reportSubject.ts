// What a report is about, and where the server makes it.

import type { ServerAddress } from "../../../live/address";

export type ReportSubject =
  | { readonly kind: "runs"; readonly runIds: readonly string[] }
  | { readonly kind: "project"; readonly projectId: string };

export type ReportLanguage = "en" | "fr";

/** The language of the report that a reader of the pages in `language` wants. */
export function reportLanguage(language: string): ReportLanguage {
  return language.startsWith("fr") ? "fr" : "en";
}

/** The address of the page, which a browser opens in a tab of its own. */
export function reportUrl(
  address: ServerAddress,
  subject: ReportSubject,
  language: ReportLanguage,
): string {
  const runs = subject.kind === "runs" ? { run_id: subject.runIds } : {};
  const { workspace } = address;
  return address.http(reportPath(subject), { ...runs, language, workspace }).href;
}

export function reportPath(subject: ReportSubject): string {
  return subject.kind === "runs"
    ? "api/v1/runs/report"
    : `api/v1/projects/${encodeURIComponent(subject.projectId)}/report`;
}

/** The body of a request that keeps the report as an artifact. */
export function storedReport(subject: ReportSubject, language: ReportLanguage): object {
  const runs = subject.kind === "runs" ? { run_ids: subject.runIds } : {};
  return { ...runs, language, store: true };
}
