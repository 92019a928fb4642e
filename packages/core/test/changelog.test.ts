/** Sections of one version, in the forms that changelogs have. */
import { expect, test } from "vitest";
import { findChangelogSection } from "../src/changelog.ts";

const changesets = `# @scope/a

## 1.1.0

### Minor Changes

- abc1234: Add a thing

### Patch Changes

- Updated dependencies [abc1234]

## 1.0.0

### Major Changes

- First
`;

const keepAChangelog = `# Changelog

## [Unreleased]

- Soon

## [1.1.0] - 2026-11-28

### Added

- A thing

\`\`\`sh
# no heading
## 9.9.9
\`\`\`

## [1.0.0] - 2026-01-01

- First

[1.1.0]: https://example.test/compare
`;

const conventional = `# [1.1.0](https://example.test/compare/v1.0.0...v1.1.0) (2026-11-28)

### Features

* a thing

## [1.0.1](https://example.test) (2026-02-01)

### Bug Fixes

* a fix

# 1.0.0 (2026-01-01)

* first
`;

const cases: readonly (readonly [what: string, text: string, version: string, expected: string | undefined])[] = [
  [
    "Changesets",
    changesets,
    "1.1.0",
    "### Minor Changes\n\n- abc1234: Add a thing\n\n### Patch Changes\n\n- Updated dependencies [abc1234]",
  ],
  ["Changesets, the last one", changesets, "1.0.0", "### Major Changes\n\n- First"],
  [
    "Keep a Changelog, with a code block",
    keepAChangelog,
    "1.1.0",
    "### Added\n\n- A thing\n\n```sh\n# no heading\n## 9.9.9\n```",
  ],
  ["conventional-changelog, a minor before a patch", conventional, "1.1.0", "### Features\n\n* a thing"],
  ["conventional-changelog, a patch before a major", conventional, "1.0.1", "### Bug Fixes\n\n* a fix"],
  ["a version that only begins alike", changesets, "1.1", undefined],
  ["a prerelease of it", "## 1.1.0-beta.1\n\nx\n", "1.1.0", undefined],
  ["lerna's, with the name before it", "## a@2.0.0 (today)\r\n\r\n- y\r\n", "2.0.0", "- y"],
  ["with a v", "## v2.0.0\n- y", "2.0.0", "- y"],
  ["an empty section", "## 2.0.0\n\n## 1.0.0\n\nx", "2.0.0", undefined],
  ["what only looks like a heading, in a code block", "```\n## 2.0.0\n```\ntext", "2.0.0", undefined],
];

test.each(cases)("%s", (_, text, version, expected) => {
  expect(findChangelogSection(text, version)).toBe(expected);
});
