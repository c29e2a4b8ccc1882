import { AccessGate, configuredAuthenticators } from "./access/gate.ts";
import { Logins } from "./access/logins.ts";
import { tokenConfig, tokenOffer } from "./access/oauth.ts";
import { Oversight } from "./access/oversight.ts";
import { PolicyScreen } from "./access/policy/policy-screen.ts";
import { policyOf } from "./access/policy/rule-policy.ts";
import { RedisStore } from "./cluster/redis.ts";
import { ConfigError } from "./config/problems.ts";
import type { Config } from "./config/schema.ts";
import type { TokenOffer } from "./downstream/resource-metadata.ts";
import { errorMessage } from "./lib/error-message.ts";
import type { Redactor } from "./lib/redactor.ts";
import type { LogOutput } from "./observability/log-output.ts";
import { stdoutOutput } from "./observability/std-outputs.ts";
import type { Aggregates } from "./aggregate/aggregates.ts";
import type { Admission } from "./protocol/admission.ts";
import type { Emit } from "./protocol/events.ts";
import type { Policy } from "./protocol/policy.ts";
import type { Screen } from "./protocol/screen.ts";

export interface GatewayAccessOptions {
  readonly config: Config;
  /** The config file. */
  readonly file: string;
  readonly env: NodeJS.ProcessEnv;
  readonly redactor: Redactor;
  readonly logOutput: LogOutput;
  readonly emit: Emit;
  readonly serverNames: readonly string[];
  readonly aggregates: Aggregates;
}

/** Who may call, what each caller may do and how often, and what is written about it. */
export class GatewayAccess {
  readonly gate: AccessGate;
  /** Where clients get tokens; undefined when none are accepted. */
  readonly tokens: TokenOffer | undefined;
  /** Undefined when every authenticated caller may do everything. */
  readonly policy: Policy | undefined;
  readonly screen: Screen | undefined;
  readonly oversight: Oversight;
  /** Undefined when nothing is asked about messages. */
  readonly admission: Admission | undefined;
  readonly #file: string;

  constructor({ config, file, env, redactor, logOutput, emit, serverNames, aggregates }: GatewayAccessOptions) {
    this.#file = file;
    const { permissions, options } = config.auth;
    const policy = policyOf({ policy: config.policy, permissions, options }, serverNames);
    this.policy = policy && aggregates.policy(policy);
    this.screen = this.policy && aggregates.screen(new PolicyScreen(this.policy));
    const jwt = tokenConfig(config);
    this.tokens = tokenOffer(config, jwt);
    const authenticators = configuredAuthenticators({ ...config.auth, jwt }, { emit });
    this.gate = new AccessGate(authenticators, new Logins(config.limits.failedLogins));
    this.oversight = new Oversight({
      config,
      env,
      redactor,
      emit,
      policy: this.policy,
      connectStore: (url) => RedisStore.connect({ url, emit }),
      stderr: logOutput,
      stdout: stdoutOutput,
    });
    const { admission } = this.oversight;
    this.admission = admission && aggregates.admission(admission);
  }

  /** Rejects with a ConfigError when the config names something that cannot be used. */
  async start(): Promise<void> {
    try {
      await this.oversight.start();
    } catch (cause) {
      throw new ConfigError(this.#file, [{ message: errorMessage(cause) }]);
    }
  }
}
