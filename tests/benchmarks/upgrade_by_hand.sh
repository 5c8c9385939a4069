#!/usr/bin/env bash
# Moves the pins of image repositories to another release as a loop in a shell does it: a clone of each, sed, commit,
# push, and one call for the pull request.
# Reads API_URL, SERVER_URL, TOKEN, FROM and TO; takes the repositories as arguments; works in the current folder.
set -euo pipefail

basic=$(printf 'x-access-token:%s' "$TOKEN" | base64 --wrap 0)
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="http.$SERVER_URL/.extraheader" \
  GIT_CONFIG_VALUE_0="AUTHORIZATION: basic $basic"
for repository in "$@"; do
  folder=${repository##*/}
  git clone --quiet "$SERVER_URL/$repository" "$folder"
  git -C "$folder" checkout --quiet -b upgrade
  grep -lr "@$FROM" "$folder/.github" | xargs sed -i "s,@$FROM,@$TO,"
  git -C "$folder" -c user.name=bot -c user.email=bot@example.org commit --quiet --all --message "Use $TO"
  git -C "$folder" push --quiet origin upgrade
  curl --silent --show-error --fail --noproxy '*' --header "Authorization: Bearer $TOKEN" --output /dev/null \
    --data "{\"title\": \"Use $TO\", \"head\": \"upgrade\", \"base\": \"main\"}" "$API_URL/repos/$repository/pulls"
done
