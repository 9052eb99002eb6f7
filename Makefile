# Presswerk. "make" alone says what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
tools := $(or $(PRESSWERK_TOOLS),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/presswerk/tools)
version := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
presswerk := bin/presswerk
# Number crunching that shares next to nothing between goroutines: under the race detector it is ten times slower and says nothing.
# What the judge does share has a run of its own.
crunching := presswerk/internal/imaging/... presswerk/internal/vision presswerk/internal/judge presswerk/internal/icc presswerk/internal/press \
	presswerk/internal/provenance/watermark presswerk/internal/provenance/robustness modernc.org/... compress/... image/... hash/...
race := -race $(foreach p,$(crunching),-gcflags=$(p)=-race=false)

.PHONY: help setup tools build models demo test check generate fmt lint unit bench clean

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

test: tools models check unit ## every check and test

check: tools fmt lint ## formatting, generated files and the linter

fmt: tools ## is everything formatted and generated as it should be?
	@out=$$($(tools)/go/gofumpt -l cmd internal); [ -z "$$out" ] || { echo "not gofumpt'ed: $$out"; exit 1; }
	@before=$$(cat internal/web/*_templ.go | sha256sum); $(tools)/go/templ generate -path internal/web > /dev/null 2>&1; \
		[ "$$before" = "$$(cat internal/web/*_templ.go | sha256sum)" ] || { echo "internal/web/*_templ.go was older than its templates and is written anew: commit it"; exit 1; }

lint: tools ## go vet and golangci-lint
	@go vet ./...
	@$(tools)/go/golangci-lint run ./...

unit: tools models ## Go tests under the race detector; what is missing fails, nothing is skipped
	@PRESSWERK_ALL=1 go test $(race) -timeout 50m ./...
	@go test $(race) -gcflags=presswerk/internal/judge=-race=true -run 'LookedAtOnce|BadPicture|ABatch|ScorerThatFails' ./internal/judge

generate: tools ## write generated files anew
	@$(tools)/go/templ generate -path internal/web

clean: ## remove what was built and the demo
	@rm -rf bin demo
