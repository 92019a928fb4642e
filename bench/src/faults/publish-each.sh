#!/usr/bin/env bash
# `npm publish` of one package after the other, in the order given. With `verify`, seed 000's step: where npm fails, the
# version is looked for until a minute has passed, and what is found counts as published. The seed's minute and its 5 s
# between two looks are divided by WAIT_SCALE, because the registry's time runs faster here.
#
# Usage: publish-each.sh plain|verify <folder below packages/>...
mode=$1
shift
for dir in "$@"; do
  cd "packages/$dir" || exit 1
  if ! npm publish --access public; then
    [ "$mode" = verify ] || exit 1
    spec=$(node -p 'const { name, version } = JSON.parse(require("fs").readFileSync("package.json")); `${name}@${version}`')
    end=$(($(date +%s%N) + 60000000000 / WAIT_SCALE))
    until npm show "$spec" version; do
      [ "$(date +%s%N)" -lt "$end" ] || exit 1
      sleep "$(node -p "5 / $WAIT_SCALE")"
    done
  fi
  cd ../..
done
