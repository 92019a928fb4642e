/** What a newcomer types, and which lines of the answer the page shows. */

export interface Walk {
  /** The page that shows it, relative to the repository's root. */
  readonly page: string;
  /** Between the comments with this name. */
  readonly mark: string;
  /** What is there before: not shown. */
  readonly prepare: readonly string[];
  readonly commands: readonly { readonly command: string; readonly keep?: RegExp }[];
}

const install = { command: "npm install --save-dev slipway", keep: /^added/ };

export const firstRelease: Walk = {
  page: "docs/guides/start.md",
  mark: "first-release",
  prepare: [
    "git init --quiet --initial-branch main && git remote add origin https://github.com/acme/shop.git",
    "npm init --yes --scope=@acme > /dev/null && npm pkg set private=true --json && printf 'node_modules/\\n' > .gitignore",
    "npm init --yes --workspace packages/core --scope=@acme > /dev/null && npm init --yes --workspace packages/web --scope=@acme > /dev/null",
    "for p in core web; do npm pkg set publishConfig.access=public license=MIT --workspace packages/$p; echo 'module.exports = 1;' > packages/$p/index.js; done",
    "npm pkg set dependencies.@acme/core=^1.0.0 --workspace packages/web && npm install",
  ],
  commands: [
    install,
    { command: "npx slipway init --yes" },
    { command: "git add --all && git commit --quiet --message 'Release with slipway'" },
    { command: "npx slipway publish --yes --git-tags none" },
  ],
};

export const oneLine: Walk = {
  page: "docs/guides/changesets.md",
  mark: "one-line",
  prepare: [
    "git init --quiet --initial-branch main && git remote add origin https://github.com/acme/changed.git",
    "mkdir -p packages/one packages/two .changeset .github/workflows",
    String.raw`printf '{\n  "name": "changed",\n  "private": true,\n  "workspaces": ["packages/*"],\n  "scripts": {\n    "release": "changeset publish"\n  }\n}\n' > package.json && printf 'node_modules/\n' > .gitignore`,
    `echo '{"name":"changed-one","version":"1.0.0","license":"MIT"}' > packages/one/package.json`,
    `echo '{"name":"changed-two","version":"1.0.0","license":"MIT","dependencies":{"changed-one":"^1.0.0"}}' > packages/two/package.json`,
    `echo '{"access":"public","baseBranch":"main"}' > .changeset/config.json`,
    "printf 'on: {push: {branches: [main]}}\\njobs:\\n  release:\\n    runs-on: ubuntu-latest\\n    steps:\\n      - uses: changesets/action@v1\\n        with:\\n          publish: npm run release\\n' > .github/workflows/release.yml",
    "npm install && git add --all && git commit --quiet --message 'Before'",
  ],
  commands: [
    install,
    { command: "npx slipway init --yes", keep: /Changed|Found|Done|Keep|version pull/ },
    { command: "git diff --unified=0 package.json", keep: /^[-+] .*(release|slipway)/ },
    { command: "git add --all && git commit --quiet --message 'Release with slipway' && npm run release --silent" },
  ],
};
