/** The package as npm would publish it, and apps that have it installed. */
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pkgDir, root } from "../../../scripts/lib/paths.mjs";
import { run } from "./command.mjs";

const APPS = fileURLToPath(new URL("../apps", import.meta.url));

/** What npm says when it does not reach the registry, or gets no proper answer from it. */
const NETWORK =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EIDLETIMEOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|code E5\d\d/;

/** @param {string} folder @returns {Promise<string>} path of the tarball */
export async function pack(folder) {
  const printed = await run("npm", ["pack", pkgDir, "--json", "--pack-destination", folder], { cwd: folder });
  const name = /"filename": "([^"]+)"/.exec(printed)?.[1];
  if (!name) throw new Error(`npm pack named no tarball:\n${printed}`);
  return join(folder, name);
}

/** @param {string} folder @returns {Record<string, string>} */
function developmentVersions(folder) {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).devDependencies ?? {};
}

/** What the project itself uses, Vite for one, an app uses in the same version. @param {string} name */
function assertSameVersions(name) {
  const ours = developmentVersions(root);
  for (const [dependency, version] of Object.entries(developmentVersions(join(APPS, name)))) {
    const wanted = ours[dependency] ?? version;
    if (version === wanted) continue;
    throw new Error(
      `The app has ${dependency} ${version}, the project ${wanted}: change apps/${name}/package.json ` +
        "and lock again, as tests/packaging/README.md says.",
    );
  }
}

/**
 * A copy of an app with its packages, as its lock file has them, and the tarball.
 * @param {string} name its folder in apps/
 * @param {string} folder where to put it
 * @param {string} tarball
 */
export async function installApp(name, folder, tarball) {
  assertSameVersions(name);
  cpSync(join(APPS, name), folder, { recursive: true });
  cpSync(join(APPS, "follow.js"), join(folder, "src", "index.js"));
  const quickly = ["--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"];
  const plainly = ["--include=dev", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"];
  try {
    await run("npm", ["install", tarball, ...plainly, ...quickly], { cwd: folder });
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    const [code] = NETWORK.exec(message) ?? [];
    if (!code) throw error;
    throw new Error(
      `npm could not download the app's packages (${code}): this suite needs the network. ` +
        "Check the connection and npm's registry and proxy settings (`npm config list`), then run it again.",
      { cause: error },
    );
  }
}
