// What a JavaScript program logs in a run of `git gage`. No package is needed: copy this file.
//
//     import { attr, config, log, runId } from "./gage.mjs";
//     log({ step: 1, loss: 0.25 });

import { openSync, readFileSync, writeSync } from "node:fs";

const files = new Map();
const said = new Set();

/** Log metrics: numbers, bigints, true and false; an object in it has dotted names. */
export function log(metrics, step = metrics.step) {
  const { step: _, ...values } = metrics;
  const parts = Object.entries(values).flatMap(([name, value]) => spell(name, value));
  if (parts.length === 0) return;
  if (step !== undefined) {
    if (!Number.isInteger(step)) throw new TypeError(`a step must be a whole number, not ${step}`);
    parts.unshift(`"step":${step}`);
  }
  append("GAGE_METRICS_FILE", `{${parts.join()},"_at":${(Date.now() / 1000).toFixed(3)}}`);
}

/** Give the run an attribute: text, a number, true, false or null; the last one counts. */
export function attr(name, value) {
  const plain = value === null || ["string", "boolean"].includes(typeof value);
  const text = plain ? JSON.stringify(value) : number(value);
  if (text === undefined) {
    throw new TypeError(`attribute '${name}' must be text, a number, true, false or null`);
  }
  append("GAGE_ATTRS_FILE", `{${JSON.stringify(name)}:${text}}`);
}

/** Config of the run, as an object; empty outside a run. */
export function config() {
  const path = process.env.GAGE_CONFIG_FILE;
  return path ? JSON.parse(readFileSync(path, "utf8")) : {};
}

/** Id of the run; null outside a run. */
export function runId() {
  return process.env.GAGE_RUN_ID || null;
}

function spell(name, value) {
  if (value !== null && typeof value === "object") {
    return Object.entries(value).flatMap(([key, part]) => spell(`${name}.${key}`, part));
  }
  const text = typeof value === "boolean" ? String(Number(value)) : number(value);
  if (text === undefined) throw new TypeError(`metric '${name}' must be a number, not ${value}`);
  return [`${JSON.stringify(name)}:${text}`];
}

/** JSON has no number for what is not finite, nor has a double for a very large integer. */
function number(value) {
  if (typeof value !== "number" && typeof value !== "bigint") return undefined;
  const double = Number(value);
  if (Number.isNaN(double)) return '"nan"';
  if (!Number.isFinite(double)) return double > 0 ? '"inf"' : '"-inf"';
  return String(value);
}

/** One write of one whole line: other processes do not tear it, and a kill does not lose it. */
function append(variable, line) {
  const path = process.env[variable];
  if (!path) {
    return sayOnce("nothing is logged, as this is no run (start one with 'git gage run')");
  }
  try {
    if (!files.has(variable)) files.set(variable, { fd: openSync(path, "a"), torn: false });
    const file = files.get(variable);
    const bytes = Buffer.from(`${file.torn ? "\n" : ""}${line}\n`);
    // After a part of a line the next begins on a line of its own.
    file.torn = writeSync(file.fd, bytes) !== bytes.length;
    if (file.torn) throw new Error("only a part of a line could be written");
  } catch (error) {
    sayOnce(`cannot log: ${error.message}`);
  }
}

function sayOnce(text) {
  if (!said.has(text)) process.stderr.write(`git-gage: ${text}\n`);
  said.add(text);
}
