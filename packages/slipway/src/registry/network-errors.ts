/** Phrases for what can go wrong below HTTP. Must not decide what to do about it. */

const phrases: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ENOTFOUND: "unknown host",
  EAI_AGAIN: "the host name could not be looked up",
  ECONNRESET: "connection reset",
  EPIPE: "connection closed while sending",
  ETIMEDOUT: "connection timed out",
  EHOSTUNREACH: "host unreachable",
  ENETUNREACH: "network unreachable",
  EADDRNOTAVAIL: "the local address cannot be used",
  EPROTO: "the TLS handshake failed",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the server's certificate is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "the server's certificate chain is self-signed",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the server's certificate cannot be verified",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the issuer of the server's certificate is unknown",
  CERT_HAS_EXPIRED: "the server's certificate has expired",
  ERR_TLS_CERT_ALTNAME_INVALID: "the server's certificate is for another host",
};

const beforeSending: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
]);

function codeOf(error: NodeJS.ErrnoException): string {
  // Several addresses of one host are tried in turn; the last attempt speaks for all.
  if (error instanceof AggregateError) {
    const last: unknown = error.errors.at(-1);
    if (last instanceof Error && "code" in last && typeof last.code === "string") return last.code;
  }
  return error.code ?? "";
}

/** True for errors that only occur before a connection exists. */
export function isFailureBeforeSending(error: NodeJS.ErrnoException): boolean {
  return beforeSending.has(codeOf(error));
}

/** True where the system's resolver says that there is no such host; not where it could not be asked. */
export function isUnknownHost(error: NodeJS.ErrnoException): boolean {
  return codeOf(error) === "ENOTFOUND";
}

export function phraseOfError(error: NodeJS.ErrnoException): string {
  const code = codeOf(error);
  if (code === "ECONNRESET" && error.message === "socket hang up") return "connection closed without an answer";
  if (code.startsWith("HPE_")) return "the answer is not HTTP";
  return phrases[code] ?? (code === "" ? error.message : `connection failed (${code})`);
}
