#!/usr/bin/env bash
# Moves the hubs of an image as the workflows of image repositories do it in shell steps: a checkout of
# deployments/ with all history, grep and sed, commit, push, and one call for the pull request.
# Reads API_URL, SERVER_URL, REPOSITORY, TOKEN, IMAGE, IMAGE_TAG and HUB; works in the current folder.
set -euo pipefail

ask() {
  curl --silent --show-error --fail --noproxy '*' --header "Authorization: Bearer $TOKEN" "$@"
}

# What actions/checkout does in another repository with `fetch-depth: 0` and `sparse-checkout: deployments/`.
base=$(ask "$API_URL/repos/$REPOSITORY" | grep -o '"default_branch": *"[^"]*"' | cut -d '"' -f 4)
git init --quiet .
git remote add origin "$SERVER_URL/$REPOSITORY"
basic=$(printf 'x-access-token:%s' "$TOKEN" | base64 --wrap 0)
git config "http.$SERVER_URL/.extraheader" "AUTHORIZATION: basic $basic"
git fetch --quiet --no-tags --prune --no-recurse-submodules --filter=blob:none origin \
  '+refs/heads/*:refs/remotes/origin/*' '+refs/tags/*:refs/tags/*'
git sparse-checkout set deployments/
git checkout --quiet --force -B "$base" "refs/remotes/origin/$base"

git config user.name bot
git config user.email bot@example.org
branch=update-$HUB-image-tag-$IMAGE_TAG
message="update $HUB image tag to $IMAGE_TAG"
git checkout --quiet -b "$branch"
grep -lr "$IMAGE" deployments/ | while read -r file; do
  old=$(sed -nE "s,.*$IMAGE:([A-Za-z0-9_.-]+).*,\1,p" "$file" | head -n 1)
  sed -i "s,$IMAGE:$old,$IMAGE:$IMAGE_TAG,g" "$file"
done
git commit --quiet --all --message "$message"
git push --quiet origin "$branch"
ask --output /dev/null --data "{\"title\": \"$message\", \"head\": \"$branch\", \"base\": \"$base\"}" \
  "$API_URL/repos/$REPOSITORY/pulls"
