/** The thread that analyses one recording at a time. */
import { setTimeout as delay } from "node:timers/promises";
import { parentPort } from "node:worker_threads";
import { analyse } from "../../backends/bun/analysis.mjs";

/** @typedef {{ path: string, pace: number }} AnalysisInput `pace`: least time, ms */
/**
 * @typedef {object} AnalysisUpdate
 * @property {true} done
 * @property {import("../../backends/bun/analysis.mjs").Analysis} [analysis]
 * @property {string} [error] where there is no analysis
 */

/** @param {string} path @returns {AnalysisUpdate} */
function outcome(path) {
  try {
    return { done: true, analysis: analyse(path) };
  } catch (error) {
    return { done: true, error: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on("message", async (/** @type {AnalysisInput} */ { path, pace }) => {
  const began = performance.now();
  const update = outcome(path);
  await delay(Math.max(0, began + pace - performance.now()));
  parentPort?.postMessage(update);
});
