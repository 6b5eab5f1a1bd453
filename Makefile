# The targets of this project. `make help` lists them; the README says when you want which.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

BIN := node_modules/.bin
SECONDS := 60
SEED := 1
STEPS := 150
PROTOS := $(shell find proto -name '*.proto')

help: ## Lists the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | awk -F'\t' '{printf "  make %-10s %s\n", $$1, $$2}'

demo: build $(if $(filter cluster,$(MODE)),servers) ## The main job on real images: train, restore, measure (about 8 minutes; result in out/demo; MODE=cluster: over NATS and S3, a process for each service)
	@node apps/cli/bin/pssr.js demo --out out/demo $(if $(filter cluster,$(MODE)),--cluster)

up: build ## Starts all services in one process on this machine
	@node apps/cli/bin/pssr.js up

up-cluster: build servers ## Starts NATS, S3 and a process for each service on this machine
	@node apps/cli/bin/pssr.js up-cluster

build: typescript native ## Installs, compiles, and builds the native TensorFlow

test: build servers ## Runs all tests
	@scripts/test.sh

soak: build servers ## Workers and servers are killed while they work, and nothing may be lost: make soak SECONDS=60 SEED=1
	@scripts/soak.sh $(SECONDS) $(SEED)

examples: build ## Runs the examples in other languages against a real installation
	@scripts/examples.sh

lint: generated kernels ## Linters, formatting, type check, contract lint
	@$(BIN)/biome ci --error-on-warnings .
	@$(BIN)/buf lint
	@$(BIN)/buf format --diff --exit-code proto
	@$(BIN)/tsc -b

format: node_modules/.package-lock.json ## Formats everything
	@$(BIN)/biome check --write .
	@$(BIN)/buf format -w proto

secrets: build ## Makes the keys and tokens for deploy/compose.yaml, in out/compose
	@scripts/secrets.sh out/compose

deploy: $(if $(OVERLAY),build) ## Brings an overlay of deploy/k8s to the cluster that kubectl points to: make deploy OVERLAY=small-lab
	@scripts/deploy.sh $(OVERLAY)

e2e-k8s: build ## Deploys to the cluster of KUBECONFIG (which must reach the images), and runs the main job while its parts are taken away
	@scripts/deploy.sh local
	@STEPS=$(STEPS) node --enable-source-maps deploy/e2e/dist/main.js

check-deploy: node_modules/.package-lock.json ## Builds all overlays and combinations of components and checks them, and compose.yaml, against the schemas (needs kubectl and Go)
	@node scripts/check-deploy.mjs

images: ## Builds the container images (options: scripts/images.mjs; without a registry: PSSR_BASE_IMAGE=debootstrap)
	@node scripts/images.mjs

bench: build servers ## Measures us beside our peers: prints tables, writes out/bench.json (one: make bench BENCH=main-job)
	@scripts/bench.sh $(BENCH)

clean: ## Removes what was built here (not the caches that all checkouts share)
	@rm -rf out packages/api/src/generated packages/api/descriptors.binpb
	@rm -rf packages/*/dist packages/*/dist-test services/*/dist services/*/dist-test apps/*/dist apps/*/dist-test bench/dist

typescript: generated kernels
	@$(BIN)/tsc -b

kernels: packages/imaging/dist/kernels.wasm packages/crappifiers/dist/kernels.wasm

%/dist/kernels.wasm: %/asconfig.json node_modules/.package-lock.json $(shell find packages/*/kernels -name '*.ts')
	@npm run --silent kernels -w $*

native: node_modules/.package-lock.json
	@node services/train/native/install.mjs

servers: ## Fetches the NATS and the S3 server of the tests (2 minutes, once)
	@node scripts/servers.mjs

generated: packages/api/descriptors.binpb

packages/api/descriptors.binpb: node_modules/.package-lock.json buf.yaml buf.gen.yaml $(PROTOS)
	@npm run --silent generate -w packages/api

node_modules/.package-lock.json: package-lock.json package.json .npmrc
	@scripts/install.sh
	@touch $@

# With --no-builtin-rules a pattern's target counts as intermediate unless it is named.
.PRECIOUS: %/dist/kernels.wasm
.PHONY: help demo up up-cluster build test secrets deploy check-deploy e2e-k8s soak examples lint format images bench clean typescript native servers generated kernels
