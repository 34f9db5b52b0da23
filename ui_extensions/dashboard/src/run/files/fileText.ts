// What a preview shows of an artifact: a table, a picture, or text. HTML and SVG are text.

export type PreviewKind = "picture" | "table" | "text";

export interface PreviewTable {
  columns: readonly string[];
  rows: ReadonlyArray<readonly string[]>;
  /** Rows in the file; null if only its beginning was read. */
  numRows: number | null;
}

export const MAX_ROWS = 200;
export const MAX_COLUMNS = 100;
export const MAX_TEXT_CHARS = 100_000;
const MAX_CELL_CHARS = 500;

const PICTURE = /\.(?:png|jpe?g|webp|gif|bmp|avif)$/i;
const TABLE = /\.(?:csv|tsv|json)$/i;

export function previewKind(path: string): PreviewKind {
  if (PICTURE.test(path)) {
    return "picture";
  }
  return TABLE.test(path) ? "table" : "text";
}

/** The table in the text of a CSV file or of `mlflow.log_table`; null if it is something else. */
export function readTable(path: string, text: string, isWhole: boolean): PreviewTable | null {
  if (/\.json$/i.test(path)) {
    return isWhole ? loggedTable(text) : null;
  }
  const rows = separated(text, /\.tsv$/i.test(path) ? "\t" : ",", isWhole);
  const [columns, ...others] = rows.rows;
  return columns && columns.length > 1
    ? { columns: columns.slice(0, MAX_COLUMNS), rows: others, numRows: rows.numRows }
    : null;
}

function loggedTable(text: string): PreviewTable | null {
  const parsed = parsedJson(text);
  if (typeof parsed !== "object" || parsed === null) {
    return null;
  }
  const { columns, data } = parsed as { columns?: unknown; data?: unknown };
  if (!Array.isArray(columns) || !Array.isArray(data) || !data.every(Array.isArray)) {
    return null;
  }
  const rows = (data as unknown[][]).slice(0, MAX_ROWS);
  return {
    columns: columns.slice(0, MAX_COLUMNS).map(cell),
    rows: rows.map((row) => row.slice(0, MAX_COLUMNS).map(cell)),
    numRows: data.length,
  };
}

/** JSON with indentation; text that is no JSON, for instance with Python's NaN, as it is. */
export function readableText(path: string, text: string, isWhole: boolean): string {
  const parsed = isWhole && /\.json$/i.test(path) ? parsedJson(text) : undefined;
  return (parsed === undefined ? text : JSON.stringify(parsed, null, 2)).slice(0, MAX_TEXT_CHARS);
}

/** Whether the text has characters that only other files than those of text have. */
export function isBinary(text: string): boolean {
  return text.slice(0, MAX_TEXT_CHARS).includes("\0");
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function cell(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.length > MAX_CELL_CHARS ? `${text.slice(0, MAX_CELL_CHARS)}…` : text;
}

/** The first rows of a text of separated values; the header is the first of them. */
function separated(
  text: string,
  separator: string,
  isWhole: boolean,
): { rows: string[][]; numRows: number | null } {
  const rows: string[][] = [];
  let row: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let place = 0; place < text.length && rows.length <= MAX_ROWS; place += 1) {
    const character = text[place];
    if (character === '"') {
      isQuoted = !isQuoted;
    } else if (!isQuoted && (character === separator || character === "\n")) {
      row.push(unquoted(text.slice(start, place)));
      start = place + 1;
      if (character === "\n") {
        rows.push(row);
        row = [];
      }
    }
  }
  const isEnd = rows.length <= MAX_ROWS;
  if (isEnd && isWhole && (start < text.length || row.length > 0)) {
    rows.push([...row, unquoted(text.slice(start))]);
  }
  const shown = rows.map((each) => each.slice(0, MAX_COLUMNS).map(cell));
  return { rows: shown, numRows: isEnd && isWhole ? Math.max(0, rows.length - 1) : null };
}

function unquoted(field: string): string {
  const text = field.endsWith("\r") ? field.slice(0, -1) : field;
  return text.length > 1 && text.startsWith('"') && text.endsWith('"')
    ? text.slice(1, -1).replaceAll('""', '"')
    : text;
}
