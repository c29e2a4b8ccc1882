# docker build -t mcp-gateway .                     the gateway, with node, npm and npx for servers
# docker build -t mcp-gateway --target with-uv .    with uv and uvx as well, for servers in Python

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

# Processes that MCP servers leave behind become children of process 1. node does not wait for children that it did not start, so they
# would remain as zombies. tini waits for them and passes signals on, so `init: true` or `--init` is not needed.
RUN apt-get update \
 && apt-get install -y --no-install-recommends tini \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /app
# Everything that the gateway needs is bundled into dist; package.json has its version.
COPY package.json ./
COPY --from=build /app/dist ./dist
COPY LICENSE config.example.yaml ./
RUN mkdir bin && ln -s ../dist/main.js bin/mcp-gateway

# What npx and uvx download for MCP servers is kept in $HOME, on a volume, so that it is downloaded only once.
ENV NODE_ENV=production \
    HOME=/home/node \
    PATH=/app/bin:$PATH \
    CONFIG_PATH=/config/config.yaml
# The user `node`, as a number: Kubernetes cannot tell from a name that it is not root.
USER 1000:1000
VOLUME ["/home/node"]
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=6s --start-period=10s --retries=3 CMD ["mcp-gateway", "health"]
ENTRYPOINT ["tini", "--", "mcp-gateway"]
CMD ["run"]

FROM runtime AS with-uv
COPY --from=ghcr.io/astral-sh/uv:0.12.1 /uv /uvx /usr/local/bin/

# The last stage is the one that is built if none is named.
FROM runtime
