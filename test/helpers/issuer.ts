import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from "jose";

/** The public half as it is published, and the private half to sign with. */
export interface SigningKey {
  readonly jwk: JWK;
  readonly privateKey: CryptoKey;
}

export async function signingKey(kid: string, alg = "ES256"): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return { jwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" }, privateKey };
}

/** An OpenID Connect issuer on a socket, whose every answer a test can change. */
export interface TestIssuer extends AsyncDisposable {
  readonly url: string;
  /** The paths that were asked for. */
  readonly asked: string[];
  keys: SigningKey[];
  /** Answers instead of the issuer, if it returns true. */
  answer: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Answers as an issuer does. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
  /** A token for the audience "gateway" and the subject "alice", unless the claims say otherwise; undefined removes a claim. */
  token(claims?: object, header?: object, key?: SigningKey): Promise<string>;
}

export async function startIssuer(): Promise<TestIssuer> {
  const first = await signingKey("first");
  const server = createServer((request, response) => {
    issuer.asked.push(request.url ?? "");
    if (!issuer.answer(request, response)) issuer.handle(request, response);
  });
  const handle = ({ url: path = "" }: IncomingMessage, response: ServerResponse): void => {
    const document = path === "/keys" ? { keys: issuer.keys.map(({ jwk }) => jwk) } : discovery(path);
    response.writeHead(document === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(document ?? {}));
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no address");
  const url = `http://127.0.0.1:${address.port}`;
  const discovery = (path: string): object | undefined =>
    path === "/.well-known/openid-configuration" ? { issuer: url, jwks_uri: `${url}/keys` } : undefined;
  const issuer: TestIssuer = {
    url,
    asked: [],
    keys: [first],
    answer: () => false,
    handle,
    token: (claims = {}, header = {}, key = first) =>
      new SignJWT({ iss: url, aud: "gateway", sub: "alice", exp: Math.floor(Date.now() / 1_000) + 600, ...claims })
        .setProtectedHeader({ alg: key.jwk.alg ?? "", kid: key.jwk.kid ?? "", typ: "at+jwt", ...header })
        .sign(key.privateKey),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return issuer;
}
