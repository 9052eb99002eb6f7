# Presswerk. "make" alone says what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
tools := $(or $(PRESSWERK_TOOLS),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/presswerk/tools)
version := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
presswerk := bin/presswerk
# What shares memory between goroutines and doesn't crunch numbers, which is ten times slower under the race detector. Packages can't be
# left out one by one: a generic function such as sync.Map's is linked from whichever package was compiled, and without its
# instrumentation sound programs look racy.
shared := access art blob engine engine/bfl engine/comfyui engine/fal engine/firefly engine/google engine/openai engine/replicate engine/runway \
	engine/stability engine/wire guard ledger library modelstore onnx queue softbinding store web
race := go test -race -timeout 20m

.PHONY: help setup tools build models demo reports test check generate fmt lint unit bench clean

help: ## say what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

setup: ## install what the machine lacks: Debian packages, native libraries, networks
	@scripts/setup.sh

tools: ## the same, and what only the checks need
	@scripts/setup.sh tools

build: setup ## build bin/presswerk
	@go build -ldflags '-X main.version=$(version)' -o $(presswerk) ./cmd/presswerk

models: build ## convert the upscalers
	@scripts/models.sh

demo: models ## the main job on the example workspace, into demo/; a second time renders nothing again
	@[ -d demo ] || $(presswerk) init demo
	@$(presswerk) make --workspace demo demo/briefs/breakfast-table.yaml

reports: demo ## the example's red-team report, and what decisions about its pictures say of the judge, into demo/reports
	@scripts/reports.sh

test: tools models check unit ## every check and test

check: tools fmt lint ## formatting, generated files and the linter

fmt: tools ## is everything formatted and generated as it should be?
	@out=$$($(tools)/go/gofumpt -l cmd internal); [ -z "$$out" ] || { echo "not gofumpt'ed: $$out"; exit 1; }
	@before=$$(cat internal/web/*_templ.go | sha256sum); $(tools)/go/templ generate -path internal/web > /dev/null 2>&1; \
		[ "$$before" = "$$(cat internal/web/*_templ.go | sha256sum)" ] || { echo "internal/web/*_templ.go was older than its templates and is written anew: commit it"; exit 1; }

lint: tools ## go vet and golangci-lint
	@go vet ./...
	@$(tools)/go/golangci-lint run ./...

unit: tools models ## Go tests; what is missing fails, nothing is skipped; then the race detector on what runs side by side
	@PRESSWERK_ALL=1 go test -timeout 50m ./...
	@$(race) $(addprefix ./internal/,$(shared))
	@$(race) -run 'LookedAtOnce|BadPicture|ABatch|ScorerThatFails' ./internal/judge

generate: tools ## write generated files anew
	@$(tools)/go/templ generate -path internal/web

clean: ## remove what was built and the demo
	@rm -rf bin demo
