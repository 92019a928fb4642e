#!/usr/bin/env bash
# How request 002 finds what to publish: the version lines of manifests that a diff against a commit touches. What GitHub's runner needs around it is left
# out; the logic is the request's, because it is what the test looks at. SEPARATOR is "/" as it was written (`packages/state//package.json`, which
# no diff names), or nothing with that mended.
#
# Usage: BASE_COMMIT=… SEPARATOR=… seed-002-detect.sh, in the root of the workspace. Prints name@version lines.
PACKAGES=()
for pkg_dir in packages/*/; do
  pkg_json="$pkg_dir${SEPARATOR}package.json"
  if git diff "$BASE_COMMIT" --name-only | grep -q "$pkg_json"; then
    OLD_VERSION=$(git show "$BASE_COMMIT":"$pkg_json" 2>/dev/null | json version || echo "")
    NEW_VERSION=$(json version < "$pkg_json")
    NPM_NAME=$(json name < "$pkg_json")
    if [ "$OLD_VERSION" != "$NEW_VERSION" ] && [ -n "$NEW_VERSION" ]; then
      PACKAGES+=("$NPM_NAME@$NEW_VERSION")
    fi
  fi
done
if [ ${#PACKAGES[@]} -eq 0 ]; then
  echo "No packages with version changes" >&2
else
  printf '%s\n' "${PACKAGES[@]}"
fi
