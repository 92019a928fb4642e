/** The oracle's rules about single reads: which of them would make a cache keep what is soon no longer true. */
import { type Judged, type Rule, readsOf, specOf, statusOf, uploadsOf } from "./oracle-view.ts";

/** Rule 3: version document and tarball are not asked for before the version was seen or sent: the 404 would stay. */
function plantsNo404({ history }: Judged): readonly string[] {
  return history.runs.flatMap((run) => {
    const seen = new Set(
      run.inherited.flatMap((event) => (event.type === "write-started" ? [event.step.replace(/^publish:/, "")] : [])),
    );
    const messages: string[] = [];
    for (const entry of run.entries) {
      if (entry.type === "write") seen.add(specOf(entry.record) ?? "");
      if (entry.type !== "read") continue;
      const { facet, name, version, versions, result } = entry.record;
      if (facet !== "version" && facet !== "tarball") {
        if (result === "shown") for (const shown of versions.keys()) seen.add(`${name}@${shown}`);
      } else if (!seen.has(`${name}@${version}`))
        messages.push(`${run.process}: ${facet} of ${name}@${version} read too early`);
    }
    return messages;
  });
}

/** Rule 3: what is being scanned is not asked for where a cache would keep its absence, until a look past the caches has shown it. */
function letsNoCacheKeepAbsence({ history }: Judged): readonly string[] {
  return history.runs.flatMap((run) =>
    uploadsOf(run)
      .filter((write) => statusOf(write) === 202)
      .flatMap((write) => {
        const takenAt = write.answeredAt ?? Number.POSITIVE_INFINITY;
        const version = write.write.kind === "upload" ? write.write.request.version : "";
        const own = readsOf(run).filter(({ name, sentAt }) => name === write.name && sentAt > takenAt);
        const shownAt = own.find(({ facet, versions }) => facet === "fresh" && versions.has(version))?.answeredAt;
        return own
          .filter(({ facet, sentAt }) => facet === "plain" && sentAt < (shownAt ?? Number.POSITIVE_INFINITY))
          .map(
            ({ sentAt }) => `${run.process}: ${write.name} was read through a cache at ${sentAt}, while it was scanned`,
          );
      }),
  );
}

export const readChecks: readonly Rule[] = [
  { id: "rule 3 (404)", check: plantsNo404 },
  { id: "rule 3 (scan)", check: letsNoCacheKeepAbsence },
];
