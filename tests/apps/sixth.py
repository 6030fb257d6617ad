"""An application that nobody wrote a line of code for: its file, and a place on a stack."""

NAME = "observatory"

# Its sky is the API of another small application, which is told here all that it knows of its
# surroundings; its plot takes from a queue what its schedule puts there.
APPLICATION = """
name: observatory
title: Star charts
hosts: {pages: charts, data: data}
services:
  sky:
    runtime: {kind: node, node: 24, start: src/server.js}
    port: 9400
    health: {path: /health, deep: /api/health/deep}
    routes:
      - {host: data, path: /api/*, upload: true, read_timeout_seconds: 90}
    denied: [/api/internal]
    environment:
      NODE_ENV: production
      PORT: 9400
      DB_HOST: ${stores.ledger.astronomer.host}
      DB_PORT: ${stores.ledger.astronomer.port}
      DB_USER: ${stores.ledger.astronomer.username}
      DB_PASSWORD: ${stores.ledger.astronomer.password}
      DB_NAME: ${stores.ledger.name}
      DB_SSL: true
      REDIS_HOST: ${stores.near.host}
      REDIS_PORT: ${stores.near.port}
      REDIS_PASSWORD: ${stores.near.password}
      REDIS_TLS: true
      JWT_SECRET: ${secrets.SIGNING_KEY}
      INTERNAL_CALLBACK_SECRET: ${secrets.CALLBACK_SECRET}
      HUNYUAN_API_KEY: ${secrets.TELESCOPE_KEY}
      TENCENT_SECRET_ID: ${secrets.TELESCOPE_KEY}
      TENCENT_SECRET_KEY: ${secrets.TELESCOPE_KEY}
      COS_BUCKET: ${buckets.plates.name}
      TELESCOPE_CERTIFICATE: ${secrets.TELESCOPE.file}
    files: {lens.json: '{"aperture": 8}'}
    egress: [{host: telescope.example.org, port: 8443, purpose: pictures}]
  plot:
    runtime: {kind: node, node: 24, start: plot.js}
    environment: {QUEUE: "${stores.tasks.url}"}
    stop_seconds: 90
sites:
  atlas: {host: pages, single_page: true, immutable: [/tiles/*], port: 9500}
stores:
  ledger:
    kind: mysql
    version: "8.4"
    name: catalogue
    owner: keeper
    roles: {astronomer: {rights: write}, visitor: {rights: read}}
    character_set: utf8mb4
  near: {kind: redis, version: "7.1", policy: allkeys-lru, memory: 256M}
  tasks: {kind: redis, version: "7.1", policy: noeviction, queue: true, memory: 256M}
buckets:
  plates: {purpose: pictures of the sky}
secrets:
  SIGNING_KEY: {kind: generated, format: hex, bytes: 32}
  CALLBACK_SECRET: {kind: generated, format: hex, bytes: 32}
  TELESCOPE: {kind: supplied, purpose: certificate of the telescope, min_length: 32}
  TELESCOPE_KEY: {kind: supplied, purpose: key of the telescope, min_length: 16}
schedules:
  nightfall: {service: plot, at: 30 18 * * *, command: node plot.js lyra}
migration: {service: sky, store: ledger, command: node --run db:migrate}
release: {kind: blue-green, second_port: 9401, hold_seconds: 30}
"""
PLACED = """
domain: dev.observatory.example
placement: {kind: hosts, pools: {sky: hill, plot: hill, atlas: hill}}
stores:
  ledger: {kind: database, instance_class: db.t4g.micro, backup_days: 1}
  near: {kind: cache, node_type: cache.t4g.small}
  tasks: {kind: cache, node_type: cache.t4g.small}
"""
