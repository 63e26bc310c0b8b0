// A REST service by json-server, which lets in who has a token of a token server by oauth2-mock-server.
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { OAuth2Server } from "oauth2-mock-server";

const jsonServer = createRequire(import.meta.url)("json-server");
const { PORT, TOKEN_PORT, TABLES } = process.env;

const tokens = new OAuth2Server();
await tokens.issuer.keys.generate("RS256");
// Two tokens of the same second would be the same.
tokens.service.on("beforeTokenSigning", (token) => (token.payload.jti = randomUUID()));
await tokens.start(Number(TOKEN_PORT), "localhost");
const keys = createRemoteJWKSet(new URL("/jwks", tokens.issuer.url));

const seen = new Set();
const withdrawn = new Set();
const service = jsonServer.create();
service.post("/withdraw-tokens", (_request, response) => {
  seen.forEach((token) => withdrawn.add(token));
  response.sendStatus(204);
});
service.use(async (request, response, next) => {
  const token = (request.get("Authorization") ?? "").replace(/^Bearer /, "");
  try {
    await jwtVerify(token, keys, { issuer: tokens.issuer.url });
    if (withdrawn.has(token)) throw new Error("withdrawn");
  } catch (error) {
    response.status(401).json({ error: "invalid_token", error_description: error.code ?? error.message });
    return;
  }
  seen.add(token);
  next();
});
service.use(jsonServer.defaults({ logger: false, static: "." }));
service.use(jsonServer.router(TABLES));
service.listen(Number(PORT), "127.0.0.1", () => console.log("listening"));
