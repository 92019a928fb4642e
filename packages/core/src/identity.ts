/** Whether the contents a registry shows are this release's. */
export type Verdict = "same" | "same-files" | "same-source" | "foreign" | "corrupt" | "refused";
