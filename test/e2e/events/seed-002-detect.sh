# The step "Detect version changes" of request 002, one of the documents that this project began with, as it stands there: it is what the test looks
# at. Only GitHub's expression ${{ github.event.pull_request.base.sha }} has become a variable, because there is no GitHub here.
#
# Usage: EVENT_BASE=… GITHUB_OUTPUT=… bash -e seed-002-detect.sh, in the root of the workspace. Needs jq.
PACKAGES=()

BASE_COMMIT="$EVENT_BASE"
echo "Comparing HEAD against PR base: $BASE_COMMIT"

# Check each package for version changes
for pkg_dir in packages/*/; do
  pkg_name=$(basename "$pkg_dir")
  pkg_json="$pkg_dir/package.json"

  if git diff "$BASE_COMMIT" --name-only | grep -q "$pkg_json"; then
    # Get old and new versions
    OLD_VERSION=$(git show "$BASE_COMMIT":"$pkg_json" 2>/dev/null | jq -r '.version' || echo "")
    NEW_VERSION=$(jq -r '.version' "$pkg_json")
    NPM_NAME=$(jq -r '.name' "$pkg_json")

    if [ "$OLD_VERSION" != "$NEW_VERSION" ] && [ -n "$NEW_VERSION" ]; then
      echo "Version change detected: $NPM_NAME $OLD_VERSION -> $NEW_VERSION"
      PACKAGES+=("{\"name\":\"$NPM_NAME\",\"dir\":\"$pkg_name\",\"version\":\"$NEW_VERSION\"}")
    fi
  fi
done

if [ ${#PACKAGES[@]} -eq 0 ]; then
  echo "No packages with version changes"
  echo "packages=[]" >> $GITHUB_OUTPUT
  echo "has_changes=false" >> $GITHUB_OUTPUT
else
  # Use -c for compact single-line JSON (required for GITHUB_OUTPUT)
  JSON_ARRAY=$(printf '%s\n' "${PACKAGES[@]}" | jq -sc '.')
  echo "packages=$JSON_ARRAY" >> $GITHUB_OUTPUT
  echo "has_changes=true" >> $GITHUB_OUTPUT
fi
