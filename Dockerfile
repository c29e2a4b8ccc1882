FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tools/build.mjs ./tools/
COPY src ./src
RUN npm run build

FROM node:24-bookworm-slim
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="mcp-gateway" \
      org.opencontainers.image.description="Gives every session its own MCP server process and bridges it to HTTP+SSE, Streamable HTTP and REST" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

# tini passes signals on and reaps what daemonizing MCP servers leave behind.
RUN apt-get update \
 && apt-get install -y --no-install-recommends tini \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force
COPY --from=build /app/dist ./dist
COPY LICENSE config.example.yaml ./

# MCP servers started with npx keep what they download in $HOME/.npm: on a volume, so that they download it once.
ENV NODE_ENV=production \
    HOME=/home/node \
    CONFIG_PATH=/config/config.yaml
USER node
VOLUME ["/home/node"]
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 CMD ["node", "/app/dist/main.js", "health"]
ENTRYPOINT ["tini", "--", "node", "/app/dist/main.js"]
