/** Packages of the distribution: only with apt-get, and only where that needs no password. */
import { capture, runLogged } from "./run.mjs";
import { onPath } from "./tools.mjs";

/** @type {boolean | undefined} */
let allowed;
let updated = false;

export function canInstallPackages() {
  allowed ??=
    onPath("apt-get").length > 0 &&
    (process.getuid?.() === 0 || (onPath("sudo").length > 0 && capture("sudo", ["-n", "true"]).ok));
  return allowed;
}

/**
 * @param {readonly string[]} packages
 * @param {{ log: string, onLine: (line: string) => void }} tools
 * @returns {Promise<boolean>} false where it is not possible, or failed
 */
export async function aptInstall(packages, { log, onLine }) {
  if (!canInstallPackages()) return false;
  /** @param {readonly string[]} args */
  const apt = (args) => {
    const asked = ["apt-get", "-o", "DPkg::Lock::Timeout=300", ...args];
    const line = process.getuid?.() === 0 ? asked : ["sudo", "-n", ...asked];
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    return runLogged(/** @type {string} */ (line[0]), line.slice(1), { log, onLine, env });
  };
  if (!updated) {
    // A failing update may be one bad source among many; the installation tells whether it matters.
    await apt(["update"]);
    updated = true;
  }
  return (await apt(["install", "-y", "--no-install-recommends", ...packages])).ok;
}
