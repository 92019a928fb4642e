/**
 * The environment that lifecycle scripts and the build command get: the caller's, without what would let them publish.
 * Must not read the process's own environment.
 */

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Names of variables that hold a credential for a registry or for the exchange that leads to one. GITHUB_TOKEN and
 * CI_JOB_TOKEN stay: builds fetch with them. Where they also publish, name them in `secretNames`.
 */
const credentialNames: readonly RegExp[] = [
  /^NODE_AUTH_TOKEN$/i,
  // OIDC: what GitHub Actions exchanges, and what GitLab hands to npm and sigstore.
  /^ACTIONS_ID_TOKEN_REQUEST_/i,
  /^(?:NPM|SIGSTORE)_ID_TOKEN$/i,
  // npm's configuration, with or without a registry: npm_config_//registry.example/:_authToken.
  /^npm_config_(?:.*[:_])?(?:auth|authtoken|password|token|otp|key)$/i,
  /(?:^|_)(?:NPM|NPMRC|YARN|PNPM|BUN|REGISTRY|VERDACCIO|ARTIFACTORY|NEXUS)(?:_[A-Z0-9]+)*_(?:TOKEN|AUTH|PASSWORD|PASS|SECRET|IDENT|OTP)$/i,
];

export interface ScriptEnvironment {
  readonly env: Environment;
  /** Values of the variables that were taken out, for redaction. */
  readonly secrets: readonly string[];
}

/** `secretNames` are further variables to take out, for example those that .npmrc files expand. */
export function withoutCredentials(env: Environment, secretNames: readonly string[] = []): ScriptEnvironment {
  const secrets: string[] = [];
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) continue;
    if (secretNames.includes(name) || credentialNames.some((shape) => shape.test(name))) secrets.push(value);
    else kept[name] = value;
  }
  return { env: kept, secrets };
}
