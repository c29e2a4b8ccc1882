# docker build -t mcp-gateway .                     the gateway, with node, npm and npx for servers
# docker build -t mcp-gateway --target with-uv .    with uv and uvx besides, for servers in Python

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts
COPY tools ./tools
COPY src ./src
RUN npm run build

FROM node:24-bookworm-slim AS runtime
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="mcp-gateway" \
      org.opencontainers.image.description="Gives every session its own MCP server process and bridges it to HTTP+SSE, Streamable HTTP and REST" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

# Processes that MCP servers leave behind become children of process 1, and node does not wait for children that it did not start:
# they would stay as zombies. tini waits for them, and passes signals on. It needs no `init: true` or `--init`.
RUN apt-get update \
 && apt-get install -y --no-install-recommends tini \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /app
# All that the gateway needs is bundled into dist; package.json says its version.
COPY package.json ./
COPY --from=build /app/dist ./dist
COPY LICENSE config.example.yaml ./
RUN mkdir bin && ln -s ../dist/main.js bin/mcp-gateway

# MCP servers started with npx or uvx keep what they download in $HOME: on a volume, so that they download it once.
ENV NODE_ENV=production \
    HOME=/home/node \
    PATH=/app/bin:$PATH \
    CONFIG_PATH=/config/config.yaml
# The user `node`, as a number: Kubernetes cannot tell of a name that it is not root.
USER 1000:1000
VOLUME ["/home/node"]
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=6s --start-period=10s --retries=3 CMD ["mcp-gateway", "health"]
ENTRYPOINT ["tini", "--", "mcp-gateway"]
CMD ["run"]

FROM runtime AS with-uv
COPY --from=ghcr.io/astral-sh/uv:0.12.1 /uv /uvx /usr/local/bin/

# The last stage is the one that is built when none is named.
FROM runtime
