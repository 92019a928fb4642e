/**
 * The floor, run as a process of its own: sends ready tarballs and does nothing else. It imports only Node, because the
 * bench strips its types once and runs plain JavaScript: no competitor's start is compared with a compiler's.
 * Usage: node raw-upload.mjs free|ordered|read <list.json>. Exit code 1 when an answer is not 2xx.
 */
import { readFile } from "node:fs/promises";
import { Agent, request } from "node:http";

/** What the list file holds. */
export interface UploadList {
  readonly registry: string;
  readonly token: string;
  readonly packages: readonly UploadItem[];
}

export interface UploadItem {
  readonly name: string;
  readonly version: string;
  /** Names of the list. */
  readonly dependencies: readonly string[];
  /** Path of the tarball, and the two hashes of it that a publish document carries. */
  readonly tarball: string;
  readonly integrity: string;
  readonly shasum: string;
  readonly manifest: Readonly<Record<string, unknown>>;
}

const uploadsAtOnce = 16;
const readsAtOnce = 50;

function send(agent: Agent, url: string, method: string, token: string, body: Buffer | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers: Record<string, string> = { authorization: `Bearer ${token}` };
    if (body === undefined) headers["accept"] = "application/vnd.npm.install-v1+json";
    else {
      headers["content-type"] = "application/json";
      headers["content-length"] = String(body.length);
    }
    const outgoing = request(url, { method, agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        const status = response.statusCode ?? 0;
        if (status >= 200 && status < 300) resolve(text);
        else reject(new Error(`${method} ${url} was answered ${status} ${text}`));
      });
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

function addressOf({ registry }: UploadList, name: string): string {
  return `${registry}/${name.replace("/", "%2f")}`;
}

async function documentOf(list: UploadList, item: UploadItem): Promise<Buffer> {
  const bytes = await readFile(item.tarball);
  const file = `${item.name}-${item.version}.tgz`;
  const dist = {
    integrity: item.integrity,
    shasum: item.shasum,
    tarball: `${list.registry}/${item.name}/-/${file}`,
  };
  return Buffer.from(
    JSON.stringify({
      _id: item.name,
      name: item.name,
      "dist-tags": { latest: item.version },
      versions: { [item.version]: { ...item.manifest, _id: `${item.name}@${item.version}`, dist } },
      access: "public",
      _attachments: {
        [file]: { content_type: "application/octet-stream", data: bytes.toString("base64"), length: bytes.length },
      },
    }),
  );
}

/** Length of the longest chain of packages that wait for each one. */
function heightsOf(packages: readonly UploadItem[]): ReadonlyMap<string, number> {
  const dependents = new Map<string, string[]>();
  for (const item of packages)
    for (const name of item.dependencies) dependents.set(name, [...(dependents.get(name) ?? []), item.name]);
  const heights = new Map<string, number>();
  function height(name: string): number {
    const known = heights.get(name);
    if (known !== undefined) return known;
    const found = 1 + Math.max(0, ...(dependents.get(name) ?? []).map(height));
    heights.set(name, found);
    return found;
  }
  for (const item of packages) height(item.name);
  return heights;
}

/** Runs all tasks, `limit` at once; a task starts when what it waits for has ended. */
async function runAll(
  items: readonly UploadItem[],
  limit: number,
  waitsFor: (item: UploadItem) => readonly string[],
  task: (item: UploadItem) => Promise<void>,
): Promise<void> {
  const done = new Set<string>();
  const left = [...items];
  const running = new Set<Promise<void>>();
  while (left.length > 0 || running.size > 0) {
    const index = running.size < limit ? left.findIndex((item) => waitsFor(item).every((name) => done.has(name))) : -1;
    const [item] = index < 0 ? [] : left.splice(index, 1);
    if (item === undefined) {
      if (running.size === 0) throw new Error("the packages wait for each other");
      await Promise.race(running);
      continue;
    }
    const run: Promise<void> = task(item).then(() => {
      done.add(item.name);
      running.delete(run);
    });
    running.add(run);
  }
}

async function main(mode: string, listFile: string): Promise<void> {
  const list: UploadList = JSON.parse(await readFile(listFile, "utf8"));
  const limit = mode === "read" ? readsAtOnce : uploadsAtOnce;
  const agent = new Agent({ keepAlive: true, maxSockets: limit });
  if (mode === "read")
    await runAll(
      list.packages,
      limit,
      () => [],
      async ({ name, version }) => {
        const { versions } = JSON.parse(await send(agent, addressOf(list, name), "GET", list.token, undefined));
        if (versions[version] === undefined) throw new Error(`${name}@${version} is not there`);
      },
    );
  else {
    const heights = heightsOf(list.packages);
    const highestFirst = [...list.packages].sort((a, b) => (heights.get(b.name) ?? 0) - (heights.get(a.name) ?? 0));
    await runAll(
      highestFirst,
      limit,
      (item) => (mode === "ordered" ? item.dependencies : []),
      async (item) => {
        await send(agent, addressOf(list, item.name), "PUT", list.token, await documentOf(list, item));
      },
    );
  }
  agent.destroy();
}

const [mode, listFile] = process.argv.slice(2);
if (mode !== undefined && listFile !== undefined) await main(mode, listFile);
