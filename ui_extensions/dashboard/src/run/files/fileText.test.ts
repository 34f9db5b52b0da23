import { describe, expect, it } from "vitest";
import {
  isBinary,
  MAX_ROWS,
  MAX_TEXT_CHARS,
  previewKind,
  readableText,
  readTable,
} from "./fileText";

describe("previewKind", () => {
  it("takes for pictures only what cannot hold scripts", () => {
    expect(["a.PNG", "b.jpeg", "c.svg", "d.html", "e.csv", "f.json", "g"].map(previewKind)).toEqual(
      ["picture", "picture", "text", "text", "table", "table", "text"],
    );
  });
});

describe("readTable", () => {
  it("reads the table of mlflow.log_table", () => {
    const text = '{"columns": ["a", "b"], "data": [[1e300, "<b>"], [null, {"x": 1}]]}';
    expect(readTable("t.json", text, true)).toEqual({
      columns: ["a", "b"],
      rows: [
        ["1e+300", "<b>"],
        ["null", '{"x":1}'],
      ],
      numRows: 2,
    });
  });

  it("takes other JSON, and the beginning of a longer one, for text", () => {
    for (const text of ["[]", "3", "null", '{"columns": 1}', '{"columns": [], "data": [1]}', "{"]) {
      expect(readTable("t.json", text, true)).toBeNull();
    }
    expect(readTable("t.json", '{"columns": [], "data": []}', false)).toBeNull();
  });

  it("reads quoted fields, with separators, quotes and line ends in them", () => {
    const text = 'a,b\r\n"1,5","say ""no""\nnow"\r\n2,';
    expect(readTable("t.csv", text, true)).toEqual({
      columns: ["a", "b"],
      rows: [
        ["1,5", 'say "no"\nnow'],
        ["2", ""],
      ],
      numRows: 2,
    });
  });

  it("shows the first rows of a long file, without the row that the read has cut", () => {
    const text = `a\tb\n${"1\t2\n".repeat(10 * MAX_ROWS)}`;
    const table = readTable("t.tsv", text, true);
    expect(table?.rows).toHaveLength(MAX_ROWS);
    expect(table?.numRows).toBeNull();
    expect(readTable("t.csv", "a,b\n1,2\n3,", false)?.rows).toEqual([["1", "2"]]);
  });

  it("takes a file without columns for text", () => {
    expect(readTable("t.csv", "only words\nhere", true)).toBeNull();
    expect(readTable("t.csv", "", true)).toBeNull();
  });
});

describe("readableText", () => {
  it("indents JSON, and leaves what is none", () => {
    expect(readableText("a.json", '{"a":1}', true)).toBe('{\n  "a": 1\n}');
    expect(readableText("a.json", '{"a":NaN}', true)).toBe('{"a":NaN}');
    expect(readableText("a.txt", '{"a":1}', true)).toBe('{"a":1}');
  });

  it("is bounded", () => {
    expect(readableText("a.txt", "x".repeat(3 * MAX_TEXT_CHARS), true)).toHaveLength(
      MAX_TEXT_CHARS,
    );
  });
});

it("tells binary files from text", () => {
  expect(isBinary("PK\u0003\u0004\0\0")).toBe(true);
  expect(isBinary("naïve 🦋\n")).toBe(false);
});
