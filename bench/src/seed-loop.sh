#!/usr/bin/env bash
# The publishing job of seed 002, step by step: what has changed since a commit, layer by layer, one package at a time, a
# look before each, three attempts with waits of 5 and 10 s between them. Left out: what only GitHub's runner needs
# (outputs, summary). The seed names its five layers; here a file names the layer of each folder below packages/.
#
# Usage: seed-loop.sh <base commit> <layers.json>, in the root of the workspace
set -eo pipefail
base=$1
layers=$(cat "$2")

changed=()
for dir in packages/*/; do
  file="${dir}package.json"
  if git diff "$base" --name-only | grep -q "$file"; then
    before=$(git show "$base:$file" 2>/dev/null | jq -r '.version' || echo "")
    after=$(jq -r '.version' "$file")
    name=$(jq -r '.name' "$file")
    if [ "$before" != "$after" ] && [ -n "$after" ]; then
      echo "Version change detected: $name $before -> $after"
      changed+=("{\"name\":\"$name\",\"dir\":\"$(basename "$dir")\",\"version\":\"$after\"}")
    fi
  fi
done
if [ ${#changed[@]} -eq 0 ]; then
  echo "No packages with version changes"
  exit 0
fi
packages=$(printf '%s\n' "${changed[@]}" | jq -sc '.')

publish_with_retry() {
  local attempt=1 delay=5
  while [ $attempt -le 3 ]; do
    echo "Publish attempt $attempt of 3..."
    if npm publish --access public; then return 0; fi
    if [ $attempt -lt 3 ]; then
      echo "Attempt $attempt failed. Retrying in ${delay}s..."
      sleep $delay
      delay=$((delay * 2))
    fi
    attempt=$((attempt + 1))
  done
  return 1
}

sorted=$(echo "$packages" | jq -c --argjson layers "$layers" 'sort_by(.dir | $layers[.])')
for row in $(echo "$sorted" | jq -r '.[] | @base64'); do
  field() { echo "$row" | base64 --decode | jq -r "$1"; }
  name=$(field '.name')
  dir=$(field '.dir')
  version=$(field '.version')
  echo "Processing: $name@$version"
  if npm view "$name@$version" version 2>/dev/null; then
    echo "SKIPPING: $name@$version already exists"
    continue
  fi
  cd "packages/$dir"
  if ! publish_with_retry; then
    echo "FAILED: $name@$version publish failed after retries"
    exit 1
  fi
  cd ../..
done
echo "All packages published"
