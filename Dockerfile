FROM node:26-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# Nothing that runs needs an install script.
RUN npm ci --omit=dev --ignore-scripts

FROM node:26-slim
ENV NODE_ENV=production DATA_DIR=/data
WORKDIR /app
# Only the embedded store, which is used without DATABASE_URL, writes here.
RUN mkdir /data && chown node:node /data
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY src ./src
USER node
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT ?? 8080}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Without npm between, so that SIGTERM reaches the gateway.
CMD ["node", "src/main.ts", "serve"]
