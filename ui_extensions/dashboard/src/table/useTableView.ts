// The view of the table of runs, which is in the address of the page: it can be reloaded and shared.

import { useMemo } from "react";
import { useAddressChoice, useAddressList, useAddressText } from "../ui/addressState";
import { useHashQuery } from "../ui/hashLocation";
import { columnsIn } from "./columns";
import { searchOf } from "./search";

export const NEWEST_FIRST = "attributes.start_time";
const DIRECTIONS = ["desc", "asc"] as const;
const SHAPES = ["tree", "flat"] as const;

export type TableView = ReturnType<typeof useTableView>;

export function useTableView() {
  const [search, setSearch] = useAddressText("search");
  const [experiment, setExperiment] = useAddressText("experiment");
  const [sort, setSort] = useAddressText("sort", NEWEST_FIRST);
  const [direction, setDirection] = useAddressChoice("order", DIRECTIONS);
  const [shape, setShape] = useAddressChoice("shape", SHAPES);
  const [columnText, setColumnText] = useAddressText("columns");
  const [groupBy, setGroupBy] = useAddressText("group");
  const [ticked, setTicked] = useAddressList("ticked");
  const [query] = useHashQuery();
  const columns = useMemo(() => columnsIn(columnText), [columnText]);
  /** The runs of one group; null for all groups, and without a text those that have no value. */
  const only = query.has("only") ? { value: query.get("only") as string } : null;
  const isOfMissing = query.get("missing") === "yes";

  return {
    search,
    setSearch,
    experiment,
    setExperiment,
    sort,
    setSort,
    isDescending: direction === "desc",
    setDirection,
    isTree: shape === "tree",
    setShape,
    columns,
    setColumnText,
    groupBy,
    setGroupBy,
    only,
    isOfMissing,
    ticked,
    setTicked,
  };
}

/** Which runs the view is about, as the server's routes take it. */
export function selectionOf({
  search,
  experiment,
  groupBy,
  only,
  isOfMissing,
}: Pick<TableView, "search" | "experiment" | "groupBy" | "only" | "isOfMissing">) {
  const group = groupBy && (only || isOfMissing) ? groupBy : "";
  return {
    ...searchOf(search),
    experiment,
    group_by: group,
    group: group && only ? only.value : "",
    group_missing: group !== "" && isOfMissing,
  };
}
