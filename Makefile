# SPDX-License-Identifier: GPL-2.0-only
#
# Builds seep, installs it and calls the checks. The programs of the tests are in files beside their
# sources (*.mk), included below. `make help` lists what people call; V=1 shows the commands.

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS   += --no-builtin-rules
, := ,
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := all

PREFIX  ?= /usr/local
DESTDIR ?=
CC      ?= gcc
ifeq ($(origin CC),default)
CC      := gcc
endif
CLANG   ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/bin/bpftool) bpftool)
PYTHON  ?= /usr/bin/python3
GO      ?= go
# Debian 12 and 13 both have this version; another one formats differently and finds other things.
CLANG_FORMAT ?= clang-format-19
CLANG_TIDY   ?= clang-tidy-19
BUILD   ?= build
VERSION := 0.1.0

ARCH    := $(shell uname -m)
ifneq ($(ARCH),x86_64)
$(error seep is built and tested on x86_64; this machine is $(ARCH))
endif
BPF_ARCH := x86

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s %s\n' "$(1)" "$(2)")

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla -Wundef
CPPFLAGS += -D_GNU_SOURCE -DSEEP_VERSION='"$(VERSION)"' -Iinclude -Isrc -I$(BUILD)
CFLAGS   ?= -O2 -g
CFLAGS   += -std=gnu11 $(WARNINGS) -fstack-protector-strong
LDLIBS   := -lbpf -ldw -lelf -liberty -lcapstone -ljson-c -lprotobuf-c -lxxhash -lsqlite3 -lcap-ng -llzma -lz -lm -pthread

SOURCES  := $(filter-out src/app/main.c,$(wildcard src/*/*.c))
OBJECTS  := $(SOURCES:%.c=$(BUILD)/%.o) $(BUILD)/formats/profile.pb-c.o

.PHONY: all
all: $(BUILD)/seep $(BUILD)/seep.1 ## build seep and its man page

# BPF

BPF_FLAGS   := -target bpf -mcpu=v3 -g -O2 -std=gnu11 -Wall -Wextra -Wno-unused-parameter \
	       -D__TARGET_ARCH_$(BPF_ARCH) -Ivmlinux/$(BPF_ARCH) -Iinclude -Ibpf
# Those with a skeleton of their own.
BPF_ALONE   := features oom touches
BPF_PARTS   := $(filter-out $(BPF_ALONE:%=bpf/%.bpf.c),$(wildcard bpf/*.bpf.c))
BPF_OBJECTS := $(BPF_PARTS:%.c=$(BUILD)/%.o)

$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c
	@mkdir -p $(@D)
	$(call say,BPF,$<)
	$(Q)$(CLANG) $(BPF_FLAGS) -MMD -MP -c $< -o $@

$(BUILD)/bpf/seep.linked.o: $(BPF_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(BPFTOOL) gen object $@ $^

$(BUILD)/bpf/seep.skel.h: $(BUILD)/bpf/seep.linked.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name seep_bpf > $@

$(BPF_ALONE:%=$(BUILD)/bpf/%.skel.h): $(BUILD)/bpf/%.skel.h: $(BUILD)/bpf/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@

SKELETONS := $(BUILD)/bpf/seep.skel.h $(BPF_ALONE:%=$(BUILD)/bpf/%.skel.h)

# User space

$(BUILD)/formats/profile.pb-c.c $(BUILD)/formats/profile.pb-c.h &: src/formats/profile.proto
	@mkdir -p $(@D)
	$(call say,PROTOC,$<)
	$(Q)protoc --proto_path=src/formats --c_out=$(BUILD)/formats $<

$(BUILD)/formats/profile.pb-c.o: $(BUILD)/formats/profile.pb-c.c
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

$(BUILD)/src/%.o: src/%.c | $(SKELETONS) $(BUILD)/formats/profile.pb-c.h
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/src/kernel/%.o $(BUILD)/san/src/kernel/%.o: $(SKELETONS)

# What is simulated shows in stacks, call by call; and each allocation is made.
$(BUILD)/src/simulate/%.o $(BUILD)/san/src/simulate/%.o: \
	CFLAGS += -fno-builtin -fno-optimize-sibling-calls

# Files that .incbin takes in, and the hashes of the scripts and styles that the HTML report allows.

HTML_SCRIPTS := src/flame/flamegraph.js $(wildcard src/web/html_*.js)
HTML_STYLES  := $(wildcard src/flame/flamegraph*.css src/web/html*.css)
HTML_HASHES  := $(BUILD)/web/html_hashes.h

$(addsuffix src/store/schema.o,$(BUILD)/ $(BUILD)/san/ $(BUILD)/fuzz/): src/store/schema.sql
$(addsuffix src/flame/svg.o,$(BUILD)/ $(BUILD)/san/ $(BUILD)/fuzz/): \
	$(wildcard src/flame/flamegraph*.js src/flame/flamegraph*.css)
$(addsuffix src/flame/diff.o,$(BUILD)/ $(BUILD)/san/ $(BUILD)/fuzz/): \
	$(wildcard src/flame/diff*.css)
$(addsuffix src/web/html.o,$(BUILD)/ $(BUILD)/san/ $(BUILD)/fuzz/): \
	$(HTML_SCRIPTS) $(HTML_STYLES) $(HTML_HASHES)

$(HTML_HASHES): tools/csp-hashes $(HTML_SCRIPTS) $(HTML_STYLES)
	@mkdir -p $(@D)
	$(call say,HASH,$@)
	$(Q){ tools/csp-hashes SEEP_HTML_SCRIPT_HASHES $(HTML_SCRIPTS); \
	      tools/csp-hashes SEEP_HTML_STYLE_HASHES $(HTML_STYLES); } > $@

$(BUILD)/seep: $(BUILD)/src/app/main.o $(OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@ $(LDLIBS)

# The man page: the options of each command come from --help, the rest from docs/seep.1.in.

$(BUILD)/seep.1: docs/seep.1.in tools/man-commands $(BUILD)/seep
	$(call say,MAN,$@)
	$(Q){ cat $<; tools/man-commands $(BUILD)/seep; } > $(BUILD)/seep.1.in
	$(Q)help2man --no-info --section=1 --help-option='trace --help' \
		--include=$(BUILD)/seep.1.in --output=$@ $(BUILD)/seep

$(BUILD)/seep.%: $(BUILD)/seep
	$(call say,SHELL,$@)
	$(Q)$< completion $* > $@

COMPLETIONS := $(addprefix $(BUILD)/seep.,bash zsh fish)

# Programs of the tests, and the targets that run some of them apart

include tests/unit/unit.mk
include tests/fixtures/fixtures.mk
include tests/bench/bench.mk
include tests/torture/torture.mk
include tests/fuzz/fuzz.mk

-include $(shell find $(BUILD) \( -path $(BUILD)/kernels -o -path $(BUILD)/toolchains \) -prune -o -type f -name '*.d' -print 2>/dev/null)

# Checks, from the shortest to the longest: quick while you work, check before a commit lands.

.PHONY: quick
quick: all unit $(BUILD)/fixtures/allocators ## unit tests, lint of what is not committed, one trace and one detect
	@BUILD=$(BUILD) tools/check quick

.PHONY: check
check: ## install what the tests need, build, run the tests of each feature and the lint
	@tools/setup test
	@$(MAKE) --no-print-directory all unit fixtures torture-programs
	@BUILD=$(BUILD) tools/check check

.PHONY: check-rest
check-rest: ## the same with what check leaves out: long tests, fuzzing, another kernel
	@tools/setup test
	@$(MAKE) --no-print-directory all unit fixtures fuzzers torture-programs
	@BUILD=$(BUILD) tools/check rest

.PHONY: check-all
check-all: ## check and check-rest
	@tools/setup test
	@$(MAKE) --no-print-directory all unit fixtures fuzzers torture-programs
	@BUILD=$(BUILD) tools/check check rest

.PHONY: check-kernels
check-kernels: ## run the root tests on other kernels (KERNELS="6.1 newest"), in virtual machines
	@tools/setup test
	@$(MAKE) --no-print-directory all fixtures torture-programs
	@BUILD=$(BUILD) KERNELS="$(KERNELS)" tools/check kernels

.PHONY: check-unwind
check-unwind: all fixtures ## compare stacks with gdb: servers, compilers, languages
	SEEP_GDB_STOPS=$(or $(SEEP_GDB_STOPS),2000) \
		$(PYTHON) -m pytest -q -p no:cacheprovider tests/root/test_unwind.py

.PHONY: soak
soak: all fixtures ## ten minutes of preemption, forks and execs (SOAK_SECONDS)
	SEEP_SOAK_SECONDS=$(or $(SOAK_SECONDS),600) $(PYTHON) -m pytest -q -s -p no:cacheprovider \
		tests/root/test_soak.py

LINT_C     := $(shell find include src bpf tests -name '*.[ch]' -o -name '*.cc')
LINT_SHELL := $(shell grep -rIlE '^\#!.*\b(ba)?sh$$' tools .ci tests)
LINT_RULES := $(wildcard tools/check-*)
LINT_TIDY  := $(wildcard src/*/*.c)
TIDY_FLAGS  = $(subst ','\'',$(CPPFLAGS)) -Itests/unit -std=gnu11

.PHONY: lint lint-quick analyze
# The groups of checks (.clang-tidy) that are not the analyzer's.
TIDY_LINT := bugprone cert misc performance readability
lint: ## format, rules of our own (tools/check-*), shellcheck, clang-tidy without its analyzer
lint: TIDY_ARGUMENTS := --checks=-clang-analyzer-*
lint-quick: LINT_TIDY = $(filter $(wildcard src/*/*.c),$(shell git ls-files -mo --exclude-standard src))
lint-quick: ## the same, with all of clang-tidy of files that are not committed
lint lint-quick: $(SKELETONS) $(BUILD)/formats/profile.pb-c.h $(HTML_HASHES)
	$(call say,FORMAT,$(words $(LINT_C)) files)
	$(Q)$(CLANG_FORMAT) --dry-run -Werror $(LINT_C)
	$(call say,RULES,$(LINT_RULES))
	$(Q)for rule in $(LINT_RULES); do BUILD=$(BUILD) "$$rule"; done
	$(call say,SHELL,$(LINT_SHELL))
	$(Q)shellcheck $(LINT_SHELL)
	$(tidy)
# How many steps the analyzer takes through a function; 225,000 is its own limit.
ANALYZER_STEPS ?= 225000
comma := ,
analyze: TIDY_ARGUMENTS := --checks=$(subst $() ,$(comma),$(TIDY_LINT:%=-%-*)) \
	$(addprefix --extra-arg=,-Xclang -analyzer-config -Xclang max-nodes=$(ANALYZER_STEPS))
analyze: $(SKELETONS) $(BUILD)/formats/profile.pb-c.h $(HTML_HASHES) ## clang-tidy's analyzer, which lint leaves out: ten times its time
	$(tidy)

define tidy
	$(call say,TIDY,$(words $(LINT_TIDY)) files)
	$(Q)printf '%s\n' $(LINT_TIDY) | \
		xargs -r -P "$$(nproc)" -n 1 sh -c '$(CLANG_TIDY) --quiet $(TIDY_ARGUMENTS) "$$@" -- $(TIDY_FLAGS)' \
		clang-tidy 2> >(grep -v 'warnings\? generated\.$$' >&2)
endef

.PHONY: format
format: ## format the C sources in place
	$(Q)$(CLANG_FORMAT) -i $(LINT_C)

# What people call besides

.PHONY: setup
setup: ## install the packages that the build and the tests need
	@tools/setup test

.PHONY: demo
demo: ## build seep and let it find a leak: report, flame graph
	@tools/setup build
	@$(MAKE) --no-print-directory all $(BUILD)/fixtures/leaky_demo
	@BUILD=$(BUILD) tools/demo

BASH_COMPLETION := $(PREFIX)/share/bash-completion/completions/seep
ZSH_COMPLETION  := $(PREFIX)/share/zsh/site-functions/_seep
FISH_COMPLETION := $(PREFIX)/share/fish/vendor_completions.d/seep.fish

.PHONY: install
install: all $(COMPLETIONS) ## install below $(DESTDIR)$(PREFIX)
	install -D -m 755 $(BUILD)/seep $(DESTDIR)$(PREFIX)/bin/seep
	install -D -m 644 $(BUILD)/seep.1 $(DESTDIR)$(PREFIX)/share/man/man1/seep.1
	install -D -m 644 $(BUILD)/seep.bash $(DESTDIR)$(BASH_COMPLETION)
	install -D -m 644 $(BUILD)/seep.zsh $(DESTDIR)$(ZSH_COMPLETION)
	install -D -m 644 $(BUILD)/seep.fish $(DESTDIR)$(FISH_COMPLETION)

.PHONY: uninstall
uninstall: ## remove what install has put there
	rm -f $(DESTDIR)$(PREFIX)/bin/seep $(DESTDIR)$(PREFIX)/share/man/man1/seep.1
	rm -f $(addprefix $(DESTDIR),$(BASH_COMPLETION) $(ZSH_COMPLETION) $(FISH_COMPLETION))

.PHONY: clean
clean: ## remove everything built
	$(Q)rm -rf $(BUILD)

.PHONY: help
help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' \
		$(filter Makefile %.mk,$(MAKEFILE_LIST))
