/** Packages of the distribution: with apt-get, as root, or with sudo where the person said so. */
import { runLogged } from "./run.mjs";
import { onPath } from "./tools.mjs";

/**
 * @typedef {object} Rights who asks for packages, and on what machine
 * @property {boolean} apt whether there is apt-get
 * @property {boolean} root
 * @property {boolean} sudo whether the person allows sudo
 */

/** What the person says where sudo may be used. */
export const SUDO_FLAG = "--sudo";
const SUDO_VARIABLE = "JOBWIRE_SUDO";

/**
 * @param {readonly string[]} [args] of the command line
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Rights}
 */
export function rightsHere(args = process.argv.slice(2), env = process.env) {
  return {
    apt: onPath("apt-get", env.PATH).length > 0,
    root: process.getuid?.() === 0,
    sudo: args.includes(SUDO_FLAG) || env[SUDO_VARIABLE] === "1",
  };
}

/** @param {Rights} rights */
export const canInstallPackages = ({ apt, root, sudo }) => apt && (root || sudo);

/**
 * The command that runs apt-get with these rights.
 * @param {Rights} rights
 * @param {readonly string[]} args
 * @returns {[program: string, args: string[]]}
 */
export function aptCommand({ root }, args) {
  const asked = ["-o", "DPkg::Lock::Timeout=300", ...args];
  return root ? ["apt-get", asked] : ["sudo", ["--preserve-env=DEBIAN_FRONTEND", "--", "apt-get", ...asked]];
}

/**
 * What a person can do where packages are wanted and may not be installed.
 * @param {readonly string[]} packages
 * @param {Rights} rights
 * @returns {string | undefined} nothing where there is no apt-get
 */
export function packagesRemedy(packages, { apt }) {
  if (!apt || packages.length === 0) return undefined;
  return (
    `Run \`sudo apt-get install ${packages.join(" ")}\`, or start again with ${SUDO_FLAG} or ` +
    `${SUDO_VARIABLE}=1, which allows the set-up to use sudo.`
  );
}

let updated = false;

/**
 * @param {readonly string[]} packages
 * @param {{ log: string, onLine: (line: string) => void }} tools
 * @param {Rights} [rights]
 * @returns {Promise<boolean>} false where it is not allowed, or failed
 */
export async function aptInstall(packages, { log, onLine }, rights = rightsHere()) {
  if (!canInstallPackages(rights)) return false;
  /** @param {readonly string[]} args */
  const apt = (args) => {
    const [program, all] = aptCommand(rights, args);
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    return runLogged(program, all, { log, onLine, env });
  };
  if (!updated) {
    // A failing update may be one bad source among many; the installation tells whether it matters.
    await apt(["update"]);
    updated = true;
  }
  return (await apt(["install", "-y", "--no-install-recommends", ...packages])).ok;
}
