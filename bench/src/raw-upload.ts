/**
 * The floor, run as a process of its own: sends ready tarballs and does nothing else. It imports little, because the
 * bench strips its types once and runs plain JavaScript: no competitor's start is compared with a compiler's.
 * Usage: node raw-upload.mjs free|ordered|read <list.json>. Exit code 1 when an answer is not 2xx.
 */
import { readFile } from "node:fs/promises";
import { Agent, request } from "node:http";

import { longestChainFirst, runInOrder } from "./in-order.ts";

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
  /** Path of the folder that it was packed from. */
  readonly folder: string;
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

async function main(mode: string, listFile: string): Promise<void> {
  const list: UploadList = JSON.parse(await readFile(listFile, "utf8"));
  const limit = mode === "read" ? readsAtOnce : uploadsAtOnce;
  const agent = new Agent({ keepAlive: true, maxSockets: limit });
  if (mode === "read")
    await runInOrder(
      list.packages,
      limit,
      () => [],
      async ({ name, version }) => {
        const { versions } = JSON.parse(await send(agent, addressOf(list, name), "GET", list.token, undefined));
        if (versions[version] === undefined) throw new Error(`${name}@${version} is not there`);
      },
    );
  else {
    await runInOrder(
      longestChainFirst(list.packages),
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
