/** The browsers and drivers of this machine: the user's own first, whatever installed them. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { capture } from "./run.mjs";
import { findGeckodriver, isExecutable, onPath, versionIn } from "./tools.mjs";

const CHROME_NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const CHROME_PLACES = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];
const FIREFOX_NAMES = ["firefox", "firefox-esr"];
const FIREFOX_PLACES = ["/Applications/Firefox.app/Contents/MacOS/firefox"];

/**
 * A path the user gave wins, and is an error of its own when nothing is there.
 * @param {string} variable
 * @param {readonly string[]} names
 * @param {readonly string[]} [places]
 */
function find(variable, names, places = []) {
  const given = process.env[variable];
  if (given) {
    if (isExecutable(given)) return given;
    throw new Error(`${variable} is set to ${given}, where there is no program (correct it or unset it)`);
  }
  return [...names.flatMap((name) => onPath(name)), ...places].find(isExecutable);
}

export const findChromium = () => find("CHROME_BIN", CHROME_NAMES, CHROME_PLACES);
export const findFirefox = () => find("FIREFOX_BIN", FIREFOX_NAMES, FIREFOX_PLACES);
export const findRedis = () => find("REDIS_SERVER", ["redis-server", "valkey-server"]);

/** @param {string} program */
export const programVersion = (program) => versionIn(capture(program, ["--version"]).out);

/** @param {string | undefined} version */
const major = (version) => version?.split(".")[0];

/** chromedriver drives only the Chromium of its own major version. */
export function findChromedriver() {
  const chromium = findChromium();
  if (!chromium) return undefined;
  const wanted = major(programVersion(chromium));
  const given = process.env.CHROMEDRIVER;
  const candidates = given ? [given] : [...onPath("chromedriver"), ...onPath("chromium.chromedriver")];
  return candidates.find((path) => major(programVersion(path)) === wanted);
}

/**
 * WebKitGTK: the driver, the browser it starts, and a screen for it.
 * @returns {{ driver: string, browser: string, xvfb: string } | undefined}
 */
export function findWebKit() {
  const driver = find("WEBKIT_DRIVER", ["WebKitWebDriver"]);
  const browser = find("WEBKIT_BROWSER", ["MiniBrowser"], miniBrowsers());
  const xvfb = onPath("xvfb-run")[0];
  return driver && browser && xvfb ? { driver, browser, xvfb } : undefined;
}

/** WebKitGTK keeps its browser outside of PATH, in a folder that carries its ABI version. */
function miniBrowsers() {
  /** @param {string} folder */
  const names = (folder) => {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  };
  return ["/usr/lib", ...names("/usr/lib").map((name) => join("/usr/lib", name)), "/usr/libexec"]
    .flatMap((folder) =>
      names(folder)
        .filter((name) => name.startsWith("webkit2gtk-") || name.startsWith("webkitgtk-"))
        .map((name) => join(folder, name, "MiniBrowser")),
    )
    .filter(isExecutable)
    .sort()
    .reverse();
}

/** What test suites are told about this machine; a program that is not there is not named. */
export function browserEnvironment() {
  const webkit = findWebKit();
  /** @type {Record<string, string | undefined>} */
  const all = {
    CHROME_BIN: findChromium(),
    FIREFOX_BIN: findFirefox(),
    CHROMEDRIVER: findChromedriver(),
    GECKODRIVER: findGeckodriver(),
    WEBKIT_DRIVER: webkit?.driver,
    WEBKIT_BROWSER: webkit?.browser,
    REDIS_SERVER: findRedis(),
  };
  return Object.fromEntries(Object.entries(all).filter(([, path]) => path !== undefined));
}
