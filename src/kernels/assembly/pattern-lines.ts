// Twin of ../reference/pattern-lines.ts, where the meaning is written down; this file is only speed.
import * as line from "./pattern/shape";
import { addTail } from "./pattern/tail";
import { addWhole } from "./pattern/whole";

const REACH: f64 = 7.745966692414834;

export function patternLines(
  y: usize,
  columns: usize,
  x: usize,
  stride: i32,
  lines: usize,
  spans: usize,
  terms: usize,
  termColumns: usize,
  firstLine: i32,
  endLine: i32,
  derivatives: i32,
): void {
  line.setArrays(y, columns, x, stride);
  for (let l = firstLine; l < endLine; l++) {
    const span = spans + ((<usize>l) << 4);
    line.setLine(lines + ((<usize>l) << 5));
    const needs = derivatives ? line.setTerms(terms, termColumns, i32.load(span, 8), i32.load(span, 12)) : line.VALUES;
    addLine(i32.load(span), i32.load(span, 4), needs);
  }
}

function addLine(first: i32, end: i32, needs: i32): void {
  const groups = min((first + 7) & -8, end);
  const groupsEnd = max(groups, end & -8);
  if (groups == groupsEnd) {
    addWhole(first, end, needs);
    return;
  }
  const core = lowerBound(groups, groupsEnd, line.position - REACH * line.h) & -8;
  const coreEnd = (lowerBound(groups, groupsEnd, line.position + REACH * line.h) + 7) & -8;
  addWhole(first, groups, needs);
  addTail(groups, core, needs);
  addWhole(core, coreEnd, needs);
  addTail(coreEnd, groupsEnd, needs);
  addWhole(groupsEnd, end, needs);
}

function lowerBound(from: i32, to: i32, value: f64): i32 {
  while (from < to) {
    const middle = (from + to) >> 1;
    if (f64.load(line.x + ((<usize>middle) << 3)) < value) from = middle + 1;
    else to = middle;
  }
  return from;
}
