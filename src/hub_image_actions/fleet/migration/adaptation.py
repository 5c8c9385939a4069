"""The template's workflows, edited to do what a repository's old ones are configured to do.

Each edit is a splice: what is not edited stays as the template has it, comments too.
"""

from itertools import dropwhile

from hub_image_actions.fleet.migration.configuration import Extra, LeftOut, PipelineConfiguration, inner
from hub_image_actions.fleet.migration.draft import Draft
from hub_image_actions.fleet.migration.job_adaptation import adapt_job
from hub_image_actions.fleet.workflows import yaml_splice as splice
from hub_image_actions.references import DEFAULT_REGISTRY

_IMAGE = "${{ vars.IMAGE }}"
_HUB = "${{ vars.HUB }}"
_KEY = "${{ secrets.GAR_SECRET_KEY }}"
_PRIVATE_KEY = "${{ secrets.PRIVATE_KEY_SECRET }}"
_DEPLOYMENTS = "berkeley-dsep-infra/datahub"
_JOB_TOKENS = {"${{ secrets.GITHUB_TOKEN }}", "${{ github.token }}"}
# docs/registries.md has the same step.
GOOGLE_STEP = """\
- name: Log in to Google
  id: google
  uses: google-github-actions/auth@7c6bc770dae815cd3e89ee6cdf493a5fab2cc093 # v3.0.0
  with:
    workload_identity_provider: {provider}
    service_account: {account}
    token_format: access_token
    create_credentials_file: false
"""
# docs/try-it.md has the same job.
BINDER_JOB = """\
{name}:
  name: Binder
  needs: {build}
  runs-on: ubuntu-latest
  timeout-minutes: 20
  permissions:
    contents: write # for the branch that names the image; nothing is checked out or run
  steps:
    - name: Have Binder pull what was pushed
      uses: berkeley-dsep-infra/hub-image-actions/binder-badge@v1
      with:
{given}
"""


def adapt_push(draft: Draft, configuration: PipelineConfiguration) -> None:
    """Edit the workflow that builds, pushes and moves the hubs."""
    build = draft.job_using("build")
    _adapt_triggers(draft, configuration)
    if configuration.bump == "never":
        _remove_bump(draft, build)
    else:
        for job in draft.jobs_using("bump-datahub-tag"):
            adapt_bump(draft, configuration, job)
        if configuration.bump == "with hub":
            _ask_for_hub(draft, configuration, build)
    _adapt_build(draft, configuration, build)
    _adapt_machine(draft, configuration, build)
    if configuration.condition:
        first = draft.jobs[0].name
        draft.set("condition", ("jobs", first, "if"), configuration.condition, before="runs-on")
    adapt_job(draft, configuration, "build", build)
    _add_steps(draft, configuration, "build", build, "build")
    if configuration.push_name:
        draft.set_text("push_name", ("name",), configuration.push_name)
    if configuration.bump == "never":
        draft.left_out += [_without_bump(step) for step in configuration.steps if step.place == "bump"]
    else:
        for job in draft.jobs_using("bump-datahub-tag"):
            adapt_job(draft, configuration, "bump" if build in draft.job(job).needs else "check", job)
        _add_steps(draft, configuration, "bump", draft.job_using("bump-datahub-tag"), "bump-datahub-tag")
    _add_jobs(draft, configuration, "push")
    _add_binder(draft, configuration, build)


def _add_binder(draft: Draft, configuration: PipelineConfiguration, build: str) -> None:
    """Add the job after the build that is for Binder, where the old pipeline did something for it."""
    name = "binder" if "binder" not in {job.name for job in draft.jobs} else "binder-badge"
    given = {}
    if configuration.binder_cache:
        draft.set("binder_cache", ("jobs", build, "outputs", "image"), "${{ steps.build.outputs.image }}")
        given["image"] = f"${{{{ needs.{build}.outputs.image }}}}"
    if configuration.prebuilt:
        given |= {} if configuration.binder_cache else {"ref": splice.quoted(configuration.prebuilt)}
        given["prebuild"] = "true"
    if not given:
        return
    lines = "\n".join(f"        {name}: {value}" for name, value in given.items())
    draft.text = splice.append_entry(
        draft.text, ("jobs",), BINDER_JOB.format(name=name, build=build, given=lines)
    )
    for setting in ("binder_cache", "prebuilt"):
        if getattr(configuration, setting):
            draft.note(setting, f"{name}:")


def adapt_rollback(draft: Draft, configuration: PipelineConfiguration) -> None:
    """Edit the workflow that puts the hubs back."""
    adapt_bump(draft, configuration, draft.job_using("bump-datahub-tag"))


def adapt_test(draft: Draft, configuration: PipelineConfiguration) -> None:
    """Edit the workflow that builds for a pull request."""
    job = draft.job_using("build-test")
    _set_image(draft, configuration, job, "build-test")
    inputs = {**configuration.build, **configuration.test}
    if inputs.get("builder") == "docker":
        inputs = {name: value for name, value in inputs.items() if not name.startswith("repo2docker-")}
    for name, value in inputs.items():
        setting = f"test.{name}" if name in configuration.test else f"build.{name}"
        draft.set_text(setting, draft.way(job, "build-test", "with", name), value)
    _adapt_machine(draft, configuration, job)
    pull = ("on", "pull_request")
    _set_paths(draft, pull, "pull_", configuration.pull_ignored, configuration.pull_only)
    for setting, name, patterns in (
        ("pull_branches", "branches", configuration.pull_branches),
        ("pull_no_branches", "branches-ignore", configuration.pull_no_branches),
        ("pull_types", "types", configuration.pull_types),
    ):
        if patterns:
            _set_filter(draft, pull, setting, name, patterns)
    _add_events(draft, "pull_triggers", configuration.pull_triggers)
    if configuration.test_name:
        draft.set_text("test_name", ("name",), configuration.test_name)
    adapt_job(draft, configuration, "test", job)
    _add_steps(draft, configuration, "test", job, "build-test")
    _add_jobs(draft, configuration, "test")


def adapt_comment(draft: Draft, configuration: PipelineConfiguration) -> None:
    """Edit the workflow that keeps the comment where the test itself may not: it is for the same image."""
    job = draft.job_using("comment-result")
    _set_image(draft, configuration, job, "comment-result")
    if configuration.runs_on:
        draft.set_text("runs_on", ("jobs", job, "runs-on"), configuration.runs_on)
    if configuration.test_name:
        way = ("on", "workflow_run", "workflows")
        draft.set("test_name", way, splice.flow((configuration.test_name,)))


def leave_out_badge(draft: Draft) -> None:
    """Take out of the workflow that builds for a pull request the job that has Binder pull the image."""
    badge, build = draft.job_using("binder-badge"), draft.job_using("build-test")
    draft.remove(("jobs", badge))
    # Nobody else asks for them.
    draft.remove(("jobs", build, "outputs"))


def adapt_lint(draft: Draft, configuration: PipelineConfiguration) -> None:
    """Edit the workflow that checks YAML files."""
    job = draft.jobs[0]
    index = next(step.index for step in job.steps if "yamllint" in step.value("run"))
    if configuration.lint:
        draft.set_text("lint", ("jobs", job.name, "steps", index, "run"), configuration.lint)


def adapt_binder(draft: Draft, configuration: PipelineConfiguration) -> None:
    """Edit a workflow that keeps a badge."""
    if configuration.urlpath:
        for job in draft.jobs_using("binder-badge"):
            step = draft.step(job, "binder-badge")
            # Where a closed pull request is tidied up, nothing is opened.
            if step and "urlpath" in step.inputs:
                way = draft.way(job, "binder-badge", "with", "urlpath")
                draft.set_text("urlpath", way, configuration.urlpath)


def adapt_bump(draft: Draft, configuration: PipelineConfiguration, job: str) -> None:
    """Edit a job that opens a pull request in the deployments, or checks that it can."""
    _set_token(draft, configuration, job)
    _set_deployments(draft, configuration, job)
    way = draft.way(job, "bump-datahub-tag", "with")
    if configuration.image not in {"", _IMAGE}:
        draft.set_text("image", (*way, "image"), configuration.image)
    if configuration.hub not in {"", _HUB}:
        draft.set_text("hub", (*way, "hub"), configuration.hub)
    if not draft.step(job, "docker/login-action"):
        return
    if configuration.registry not in {"", DEFAULT_REGISTRY}:
        draft.set_text("registry", (*way, "registry"), configuration.registry)
    if configuration.paths:
        draft.set_text("paths", (*way, "paths"), "\n".join(configuration.paths))
    for key, value in (
        ("author-name", configuration.author_name),
        ("author-email", configuration.author_email),
    ):
        if value:
            draft.set_text(key.replace("-", "_"), (*way, key), value)
    _set_login(draft, configuration, job)


def _adapt_triggers(draft: Draft, configuration: PipelineConfiguration) -> None:
    push = ("on", "push")
    filters = (
        ("branches", "branches", configuration.branches),
        ("no_branches", "branches-ignore", configuration.no_branches),
        ("tags", "tags", configuration.tags),
        ("no_tags", "tags-ignore", configuration.no_tags),
    )
    if not any(patterns for _, _, patterns in filters):
        draft.remove(push)
    else:
        for setting, name, patterns in filters:
            if patterns:
                draft.set(setting, (*push, name), splice.flow(patterns), before="tags")
        for name in ("branches", "tags"):
            if not getattr(configuration, name):
                draft.remove((*push, name))
        _set_paths(draft, push, "", configuration.ignored, configuration.only)
    _add_events(draft, "triggers", configuration.triggers)


def _add_events(draft: Draft, setting: str, sources: tuple[str, ...]) -> None:
    for source in sources:
        draft.text = splice.append_entry(draft.text, ("on",), splice.unindented(source), apart=False)
        draft.note(setting, source.strip().splitlines()[0])


def _set_paths(
    draft: Draft, event: tuple[str, str], prefix: str, ignored: tuple[str, ...], only: tuple[str, ...]
) -> None:
    """Keep a repository's filter: its image may hold documents, and nothing is taken out of it here."""
    setting, name, paths = ("only", "paths", only) if only else ("ignored", "paths-ignore", ignored)
    if paths:
        _set_filter(draft, event, f"{prefix}{setting}", name, paths)


def _set_filter(
    draft: Draft, event: tuple[str, str], setting: str, name: str, patterns: tuple[str, ...]
) -> None:
    """Give an event a filter in place of the comment that says why it has none."""
    lines = splice.unindented(splice.parsed(draft.text).triggers[event[1]].source).splitlines()
    own = dropwhile(lambda each: each.startswith("#"), lines)
    listed = (f"    - {splice.quoted(pattern)}" for pattern in patterns)
    draft.text = splice.replace_entry(draft.text, event, "\n".join((*own, f"  {name}:", *listed)))
    draft.note(setting, f"{name}: {splice.flow(patterns)}")


def _remove_bump(draft: Draft, build: str) -> None:
    for job in draft.jobs_using("bump-datahub-tag"):
        draft.remove(("jobs", job))
    draft.remove(("jobs", build, "needs"))
    name = "# By push or by hand: build, test and push the image.\nname: Build, push"
    draft.text = splice.replace_entry(draft.text, ("name",), name)
    draft.note("bump", "jobs: build alone")


def _ask_for_hub(draft: Draft, configuration: PipelineConfiguration, build: str) -> None:
    named = f"{inner(configuration.hub)} != ''"
    for name in draft.jobs_using("bump-datahub-tag"):
        if build in draft.job(name).needs:
            own = draft.job(name).value("if")
            condition = f">-\n{named} &&\n({own})" if own else named
            draft.set("bump", ("jobs", name, "if"), condition, before="runs-on")
            continue
        # The build waits for this job: it runs, and does nothing.
        for step in draft.job(name).steps:
            condition = " && ".join(filter(None, (named, step.value("if"))))
            draft.set("bump", ("jobs", name, "steps", step.index, "if"), condition, before="uses")


def _adapt_build(draft: Draft, configuration: PipelineConfiguration, job: str) -> None:
    _set_image(draft, configuration, job, "build")
    way = draft.way(job, "build", "with")
    for name, value in configuration.build.items():
        draft.set_text(f"build.{name}", (*way, name), value)
    for name, value in configuration.publish.items():
        draft.set_text(f"publish.{name}", (*way, name), value)
    username, password = _credentials(configuration)
    if username:
        draft.set_text("registry_username", (*way, "registry-username"), username)
    if password:
        draft.set_text("registry_password", (*way, "registry-password"), password)
    if configuration.provider:
        _add_google(draft, configuration, job, "build")
    elif configuration.registry_password in _JOB_TOKENS:
        _allow(draft, job, "packages", "write # to push the image")


def _set_image(draft: Draft, configuration: PipelineConfiguration, job: str, action: str) -> None:
    if configuration.image not in {"", _IMAGE}:
        draft.set_text("image", draft.way(job, action, "with", "image"), configuration.image)
    if configuration.registry not in {"", DEFAULT_REGISTRY}:
        draft.set_text("registry", draft.way(job, action, "with", "registry"), configuration.registry)


def _credentials(configuration: PipelineConfiguration) -> tuple[str, str]:
    """Return user and password where they are not the template's."""
    if configuration.provider:
        return "oauth2accesstoken", "${{ steps.google.outputs.access_token }}"
    if configuration.registry_password in _JOB_TOKENS:
        return configuration.registry_username or "${{ github.actor }}", "${{ github.token }}"
    username = configuration.registry_username.removeprefix("_json_key")
    return username, "" if configuration.registry_password == _KEY else configuration.registry_password


def _set_login(draft: Draft, configuration: PipelineConfiguration, job: str) -> None:
    """Edit the login without which a tag of a private registry cannot be verified."""
    action = "docker/login-action"
    if configuration.registry not in {"", DEFAULT_REGISTRY}:
        draft.set_text("registry", draft.way(job, action, "with", "registry"), configuration.registry)
    username, password = _credentials(configuration)
    if username:
        draft.set_text("registry_username", draft.way(job, action, "with", "username"), username)
    if password:
        draft.set_text("registry_password", draft.way(job, action, "with", "password"), password)
    if configuration.provider or configuration.registry_password in _JOB_TOKENS:
        draft.remove(("jobs", job, "env", "KEY"))
        draft.remove(draft.way(job, action, "if"))
    elif password:
        draft.set("registry_password", ("jobs", job, "env", "KEY"), f"${{{{ {inner(password)} != '' }}}}")
    if configuration.provider:
        _add_google(draft, configuration, job, action)
    elif configuration.registry_password in _JOB_TOKENS:
        _allow(draft, job, "packages", "read # to see that the tag is there")


def _add_google(draft: Draft, configuration: PipelineConfiguration, job: str, before: str) -> None:
    _allow(draft, job, "id-token", "write # to prove to Google which workflow this is")
    step = GOOGLE_STEP.format(provider=configuration.provider, account=configuration.service_account)
    if not configuration.service_account:
        step = step.replace("    service_account: \n", "")
    *way, index = draft.way(job, before)
    draft.text = splice.insert_item(draft.text, way, int(index), step)
    draft.note("provider", f"workload_identity_provider: {configuration.provider}")
    draft.note("service_account", f"service_account: {configuration.service_account}")


def _allow(draft: Draft, job: str, scope: str, level: str) -> None:
    way = ("jobs", job, "permissions")
    found = splice.find(draft.text, way)
    if found is not None and found.value:
        draft.text = splice.set_entry(draft.text, (*way, scope), level)
    else:
        draft.text = splice.replace_entry(draft.text, way, f"permissions:\n  {scope}: {level}")


def _set_token(draft: Draft, configuration: PipelineConfiguration, job: str) -> None:
    app = "actions/create-github-app-token"
    if not configuration.app and not configuration.tokens:
        return
    if configuration.app:
        draft.set_text("app", ("jobs", job, "env", "APP"), configuration.app)
        if configuration.private_key not in {"", _PRIVATE_KEY}:
            draft.set_text(
                "private_key", draft.way(job, app, "with", "private-key"), configuration.private_key
            )
    else:
        draft.remove(draft.way(job, app))
        draft.remove(("jobs", job, "env", "APP"))
    parts = ["steps.app.outputs.token"] * bool(configuration.app) + list(map(inner, configuration.tokens))
    setting = "tokens" if configuration.tokens else "app"
    draft.set(
        setting, draft.way(job, "bump-datahub-tag", "with", "token"), f"${{{{ {' || '.join(parts)} }}}}"
    )


def _set_deployments(draft: Draft, configuration: PipelineConfiguration, job: str) -> None:
    owner, slash, name = configuration.deployments.partition("/")
    way = draft.way(job, "bump-datahub-tag", "with")
    if configuration.deployments.startswith("${{"):
        _set_computed_deployments(draft, configuration, job)
    elif slash and configuration.deployments != _DEPLOYMENTS:
        draft.set_text("deployments", ("jobs", job, "env", "OWNER"), owner)
        draft.set_text("deployments", ("jobs", job, "env", "REPOSITORY"), name)
    if configuration.base_branch not in {"", "staging"}:
        draft.set_text("base_branch", (*way, "base-branch"), configuration.base_branch)


def _set_computed_deployments(draft: Draft, configuration: PipelineConfiguration, job: str) -> None:
    """Name the deployments by an expression, which only a token that needs no owner goes with."""
    draft.set_text(
        "deployments", draft.way(job, "bump-datahub-tag", "with", "repository"), configuration.deployments
    )
    if configuration.app:
        origin = configuration.origins["deployments"]
        draft.left_out.append(
            LeftOut(
                "the owner of the deployments for the App's token",
                f"`{configuration.deployments}` names owner and repository in one.",
                f"Set OWNER and REPOSITORY below `env` in {draft.path}.",
                origin.file,
                origin.line,
            )
        )
        return
    for key in ("OWNER", "REPOSITORY"):
        draft.remove(("jobs", job, "env", key))


def _adapt_machine(draft: Draft, configuration: PipelineConfiguration, job: str) -> None:
    if configuration.runs_on:
        draft.set_text("runs_on", ("jobs", job, "runs-on"), configuration.runs_on)
    if configuration.timeout:
        draft.set("timeout", ("jobs", job, "timeout-minutes"), configuration.timeout)


def _add_steps(draft: Draft, configuration: PipelineConfiguration, place: str, job: str, action: str) -> None:
    """Put the repository's own steps around the step that uses an action, in their order."""
    own = [step for step in configuration.steps if step.place == place]
    environment = configuration.environment.get(place, {})
    if environment and not splice.find(draft.text, ("jobs", job, "env")):
        lines = "\n".join(f"{name}: {splice.quoted(value)}" for name, value in environment.items())
        draft.text = splice.set_entry(draft.text, ("jobs", job, "env"), f"\n{lines}", before="steps")
    else:
        for name, value in environment.items():
            draft.text = splice.set_entry(draft.text, ("jobs", job, "env", name), splice.quoted(value))
    named = {step.value("id") for step in draft.job(job).steps}
    if place == "build" and any("steps.build." in step.source for step in own) and "build" not in named:
        draft.text = splice.set_entry(draft.text, draft.way(job, action, "id"), "build", before="uses")
    for step in own:
        if not step.after:
            _insert(draft, step, job, draft.way(job, action)[-1])
    for step in reversed(own):
        if step.after:
            _insert(draft, step, job, int(draft.way(job, action)[-1]) + 1)


def _without_bump(step: Extra) -> LeftOut:
    return LeftOut(
        f"the step {step.name!r}",
        "It stands with the steps that move hubs, and no hub is moved.",
        "Add it to the build if it is needed.",
        step.origin.file,
        step.origin.line,
    )


def _insert(draft: Draft, step: Extra, job: str, index: str | int) -> None:
    draft.text = splice.insert_item(draft.text, ("jobs", job, "steps"), int(index), step.source)
    draft.note(f"step {step.name}", step.source.strip().splitlines()[-1].strip())


def _add_jobs(draft: Draft, configuration: PipelineConfiguration, place: str) -> None:
    environment = configuration.environment.get(f"all of {place}", {})
    if environment:
        lines = "\n".join(f"{name}: {splice.quoted(value)}" for name, value in environment.items())
        draft.text = splice.set_entry(draft.text, ("env",), f"\n{lines}\n", before="jobs")
    for job in (each for each in configuration.jobs if each.place == place):
        if job.name in {each.name for each in draft.jobs}:
            draft.left_out.append(
                LeftOut(
                    f"the job `{job.name}`",
                    "The new workflow has a job of that name.",
                    "Add it under another name.",
                    job.origin.file,
                    job.origin.line,
                )
            )
            continue
        draft.text = splice.append_entry(draft.text, ("jobs",), job.source)
        draft.note(f"job {job.name}", f"{job.name}:")
