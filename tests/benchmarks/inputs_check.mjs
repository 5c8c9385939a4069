// The start of an action as it is in JavaScript: the toolkit, a client of GitHub, and the inputs of the bump.
import * as core from "@actions/core";
import * as github from "@actions/github";

const rules = {
  image: /^[a-z0-9][a-z0-9./:_-]*$/,
  tag: /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/,
  hub: /^[A-Za-z0-9._-]*$/,
  token: /^[^\s]+$/,
  repository: /^([A-Za-z0-9._-]+\/[A-Za-z0-9._-]+)?$/,
  "base-branch": /^[^\s~^:?*[\\]*$/,
};

const wrong = Object.entries(rules).filter(([name, rule]) => !rule.test(core.getInput(name)));
if (wrong.length > 0) {
  core.setFailed(wrong.map(([name]) => `${name}: ${JSON.stringify(core.getInput(name))} cannot be used`).join("; "));
} else {
  const client = github.getOctokit(core.getInput("token"));
  core.info(`ready to ask ${client.request.endpoint.DEFAULTS.baseUrl}`);
}
