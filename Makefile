# SPDX-License-Identifier: GPL-2.0-only
#
# The one Makefile. `make help` lists what people call; V=1 shows the commands.

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
UNIT     := $(wildcard tests/unit/*/test_*.c)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

.PHONY: all
all: $(BUILD)/seep $(BUILD)/seep.1 ## build seep and its man page

# --- BPF -----------------------------------------------------------------------------------------

BPF_FLAGS   := -target bpf -mcpu=v3 -g -O2 -std=gnu11 -Wall -Wextra -Wno-unused-parameter \
	       -D__TARGET_ARCH_$(BPF_ARCH) -Ivmlinux/$(BPF_ARCH) -Iinclude -Ibpf
BPF_PARTS   := $(filter-out bpf/features.bpf.c,$(wildcard bpf/*.bpf.c))
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

$(BUILD)/bpf/features.skel.h: $(BUILD)/bpf/features.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name features_bpf > $@

SKELETONS := $(BUILD)/bpf/seep.skel.h $(BUILD)/bpf/features.skel.h

# --- user space ----------------------------------------------------------------------------------

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

# --- taken in by .incbin; of the HTML report's scripts and styles the hashes that its policy names --------

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

# --- man page: the options come from --help, the rest from docs/seep.1.in --------------------------

$(BUILD)/seep.1: docs/seep.1.in $(BUILD)/seep
	$(call say,MAN,$@)
	$(Q)help2man --no-info --section=1 --help-option='trace --help' --include=$< --output=$@ \
		$(BUILD)/seep

# --- unit tests: one program per file, with all of seep but its main, sanitized --------------------

UNIT_OBJECTS  := $(SOURCES:%.c=$(BUILD)/san/%.o) $(BUILD)/san/formats/profile.pb-c.o
UNIT_PROGRAMS := $(UNIT:tests/unit/%.c=$(BUILD)/unit/%)

$(BUILD)/san/src/%.o: src/%.c | $(SKELETONS) $(BUILD)/formats/profile.pb-c.h
	@mkdir -p $(@D)
	$(call say,CC-SAN,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(SANITIZE) -MMD -MP -c $< -o $@

$(BUILD)/san/formats/profile.pb-c.o: $(BUILD)/formats/profile.pb-c.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(SANITIZE) -c $< -o $@

$(BUILD)/unit/%: tests/unit/%.c $(UNIT_OBJECTS)
	@mkdir -p $(@D)
	$(call say,UNIT,$<)
	$(Q)$(CC) $(CPPFLAGS) -Itests/unit $(CFLAGS) $(SANITIZE) -MMD -MP -MF $@.d $< $(UNIT_OBJECTS) \
		$(LDFLAGS_$(notdir $*)) -o $@ -lcmocka $(LDLIBS)

# The tests of the report resolve frames by a table of their own (tests/unit/report/fixture.h).
LDFLAGS_test_text_report := -Wl,--wrap=seep_symbolizer_resolve
LDFLAGS_test_json        := -Wl,--wrap=seep_symbolizer_resolve
LDFLAGS_test_folded      := -Wl,--wrap=seep_symbolizer_resolve
LDFLAGS_test_pprof       := -Wl,--wrap=seep_symbolizer_resolve
LDFLAGS_test_flamegraph  := -Wl,--wrap=seep_symbolizer_resolve
LDFLAGS_test_junit       := -Wl,--wrap=seep_symbolizer_resolve
LDFLAGS_test_verdict     := -Wl,--wrap=seep_symbolizer_resolve
LDFLAGS_test_diff        := -Wl,--wrap=seep_symbolizer_resolve
LDFLAGS_test_html        := -Wl,--wrap=seep_symbolizer_resolve

.PHONY: unit
unit: $(UNIT_PROGRAMS) ## build the unit tests

-include $(shell find $(BUILD) -path $(BUILD)/kernels -prune -o -type f -name '*.d' -print 2>/dev/null)

# --- test programs -------------------------------------------------------------------------------

# Stacks go by frame pointers, every function keeps its own, and the compiler leaves malloc alone.
FIXTURE_FLAGS  := -O1 -g -fno-omit-frame-pointer -fno-optimize-sibling-calls -fno-builtin -fno-ipa-icf \
		  -Wall -Wextra -Wshadow -pthread
FIXTURE_CFLAGS := -std=gnu11 -D_GNU_SOURCE $(FIXTURE_FLAGS)

FIXTURE_SPECIAL  := counting launched leaky_library nested plt_pointer raw uses_library
FIXTURE_PROGRAMS := $(filter-out $(FIXTURE_SPECIAL),$(patsubst tests/fixtures/%.c,%,$(wildcard tests/fixtures/*.c)))
FIXTURES := $(addprefix $(BUILD)/fixtures/,$(FIXTURE_PROGRAMS) next/versions launched plt_pointer raw uses_library cplusplus \
	    libnested.so libleaky.so libleaky_late.so allocators_static allocators_musl \
	    allocators_musl_dynamic allocators_static_debuglink allocators_static_debugdata \
	    allocators_static_stripped descriptors_static descriptors_musl descriptors_go \
	    mappings_static mappings_musl mappings_go threads_static threads_musl threads_cplusplus \
	    threads_go sizes_stripped sizes_debuglink sizes_debugdata)

# One place for all that is linked from C: $(call fixture,extra flags)
fixture = @mkdir -p $(@D) && $(if $(V),set -x,printf '  %-8s %s\n' FIXTURE $@) && \
	  $(CC) $(FIXTURE_CFLAGS) $(1) $(filter %.c,$^) -o $@

$(FIXTURE_PROGRAMS:%=$(BUILD)/fixtures/%): $(BUILD)/fixtures/%: tests/fixtures/%.c tests/fixtures/fixture.h
	$(call fixture)

# The next version of that program, under the same name.
$(BUILD)/fixtures/next/versions: tests/fixtures/versions.c tests/fixtures/fixture.h
	$(call fixture,-DNEXT)

$(BUILD)/fixtures/launched: tests/fixtures/launched.c tests/fixtures/counting.c tests/fixtures/fixture.h
	$(call fixture)

$(BUILD)/fixtures/plt_pointer: tests/fixtures/plt_pointer.c tests/fixtures/fixture.h
	$(call fixture,-fno-pie -no-pie)

$(BUILD)/fixtures/raw: tests/fixtures/raw.c
	$(call fixture,-ffreestanding -fno-stack-protector -fno-pie -no-pie -static -nostdlib)

$(BUILD)/fixtures/libnested.so: tests/fixtures/nested.c
	$(call fixture,-fPIC -shared)

$(BUILD)/fixtures/libleaky.so $(BUILD)/fixtures/libleaky_late.so: tests/fixtures/leaky_library.c tests/fixtures/fixture.h
	$(call fixture,-fPIC -shared -Wno-unused-function)

$(BUILD)/fixtures/uses_library: tests/fixtures/uses_library.c tests/fixtures/fixture.h $(BUILD)/fixtures/libleaky.so
	$(call fixture,-L$(BUILD)/fixtures -Wl$(,)-rpath$(,)'$$ORIGIN' -Wl$(,)--no-as-needed) -lleaky

$(BUILD)/fixtures/allocators_static: tests/fixtures/allocators.c tests/fixtures/fixture.h
	$(call fixture,-static)

$(BUILD)/fixtures/allocators_musl_dynamic: CC := musl-gcc
$(BUILD)/fixtures/allocators_musl_dynamic: tests/fixtures/allocators.c tests/fixtures/fixture.h
	$(call fixture)

$(BUILD)/fixtures/allocators_musl: CC := musl-gcc
$(BUILD)/fixtures/allocators_musl: tests/fixtures/allocators.c tests/fixtures/fixture.h
	$(call fixture,-static)

$(BUILD)/fixtures/descriptors_static: tests/fixtures/descriptors.c tests/fixtures/fixture.h
	$(call fixture,-static)

$(BUILD)/fixtures/descriptors_musl: CC := musl-gcc
$(BUILD)/fixtures/descriptors_musl: tests/fixtures/descriptors.c tests/fixtures/fixture.h
	$(call fixture,-static)

$(addprefix $(BUILD)/fixtures/,mappers mappings mappings_static mappings_musl): tests/fixtures/mappings.h

$(BUILD)/fixtures/mappings_static: tests/fixtures/mappings.c tests/fixtures/fixture.h
	$(call fixture,-static)

$(BUILD)/fixtures/mappings_musl: CC := musl-gcc
$(BUILD)/fixtures/mappings_musl: tests/fixtures/mappings.c tests/fixtures/fixture.h
	$(call fixture,-static)

# Without a C library, and without anything to fetch.
$(BUILD)/fixtures/%_go: tests/fixtures/%.go
	@mkdir -p $(@D)
	$(call say,FIXTURE,$@)
	$(Q)CGO_ENABLED=0 GOFLAGS=-mod=mod GOCACHE=$(abspath $(BUILD))/go $(GO) build -o $@ $<

$(BUILD)/fixtures/threads_static: tests/fixtures/threads.c tests/fixtures/threads.h tests/fixtures/fixture.h
	$(call fixture,-static)

$(BUILD)/fixtures/threads_musl: CC := musl-gcc
$(BUILD)/fixtures/threads_musl: tests/fixtures/threads.c tests/fixtures/threads.h tests/fixtures/fixture.h
	$(call fixture,-static)

$(BUILD)/fixtures/threads $(BUILD)/fixtures/threads_life: tests/fixtures/threads.h

$(BUILD)/fixtures/cplusplus $(BUILD)/fixtures/threads_cplusplus: $(BUILD)/fixtures/%: tests/fixtures/%.cc tests/fixtures/fixture.h
	@mkdir -p $(@D)
	$(call say,FIXTURE,$@)
	$(Q)$(CXX) -std=gnu++17 -D_GNU_SOURCE $(FIXTURE_FLAGS) $< -o $@

$(BUILD)/fixtures/%_stripped: $(BUILD)/fixtures/%
	$(call say,STRIP,$@)
	$(Q)strip --strip-all -o $@ $<

# Symbols in a separate file that the program names ...
$(BUILD)/fixtures/%_debuglink: $(BUILD)/fixtures/%
	$(call say,STRIP,$@)
	$(Q)objcopy --only-keep-debug $< $@.debug
	$(Q)objcopy --strip-all --add-gnu-debuglink=$@.debug $< $@

# ... and in a compressed section of the program itself, as Fedora does.
$(BUILD)/fixtures/%_debugdata: $(BUILD)/fixtures/%
	$(call say,STRIP,$@)
	$(Q)objcopy --strip-debug $< $@.mini
	$(Q)xz --force $@.mini
	$(Q)objcopy --strip-all --add-section .gnu_debugdata=$@.mini.xz $< $@
	$(Q)rm -f $@.mini.xz

# Programs that call the functions of one allocator by name, linked with its library or against it.
FAMILIES := $(addprefix $(BUILD)/fixtures/,mimalloc tcmalloc jemalloc jemalloc_je operators operators_static \
	    operators_mimalloc operators_tcmalloc operators_tcmalloc_static operators_jemalloc \
	    operators_jemalloc_static pool passing releases plugin_host libplugin.so \
	    replaced_budget replaced_arena replaced_mix)
FAMILIES_HEADERS := tests/fixtures/families/families.h tests/fixtures/fixture.h
FAMILIES_LIBS    := /usr/lib/$(ARCH)-linux-gnu
FAMILIES_CXX     := -std=gnu++17 -D_GNU_SOURCE -Wno-missing-field-initializers

# $(call family,name,compiler,source,flags and libraries)
define family
$(BUILD)/fixtures/$(1): tests/fixtures/families/$(3) $(FAMILIES_HEADERS)
	@mkdir -p $$(@D)
	$$(call say,FIXTURE,$$@)
	$$(Q)$(2) $(FIXTURE_FLAGS) -Wl,--no-as-needed $$< -o $$@ $(4)
endef
family_c   = $(eval $(call family,$(1),$(CC) -std=gnu11 -D_GNU_SOURCE,$(2),$(3)))
family_cxx = $(eval $(call family,$(1),$(CXX) $(FAMILIES_CXX),$(2),$(3)))

$(call family_c,mimalloc,mimalloc.c,-lmimalloc)
$(call family_c,jemalloc,jemalloc.c,-ljemalloc)
$(call family_c,jemalloc_je,jemalloc.c,-DJE $(BUILD)/fixtures/libje.a -lstdc++ -lm -ldl)
$(call family_c,plugin_host,plugin_host.c,-ldl)
$(call family_c,libplugin.so,plugin.c,-fPIC -shared -fvisibility=hidden -Wl$(,)--exclude-libs$(,)ALL \
	$(BUILD)/fixtures/libje.a -lstdc++ -lm)
$(call family_cxx,tcmalloc,tcmalloc.cc,-ltcmalloc_minimal)
$(call family_cxx,operators,operators.cc,)
$(call family_cxx,operators_static,operators.cc,-static)
$(call family_cxx,operators_mimalloc,operators.cc,-lmimalloc)
$(call family_cxx,operators_tcmalloc,operators.cc,-ltcmalloc_minimal)
$(call family_cxx,operators_tcmalloc_static,operators.cc,-Wl$(,)--whole-archive \
	$(FAMILIES_LIBS)/libtcmalloc_minimal.a -Wl$(,)--no-whole-archive)
$(call family_cxx,operators_jemalloc,operators.cc,-ljemalloc)
$(call family_cxx,operators_jemalloc_static,operators.cc,$(FAMILIES_LIBS)/libjemalloc.a -ldl)
$(call family_cxx,pool,pool.cc,)
$(call family_cxx,passing,passing.cc,-pthread)
$(call family_cxx,replaced_budget,replaced.cc,-DREPLACED_BY_BUDGET)
$(call family_cxx,replaced_arena,replaced.cc,-DREPLACED_BY_ARENA)
$(call family_cxx,replaced_mix,replaced.cc,-DREPLACED_BY_MIX)
$(call family_cxx,releases,releases.cc,)
$(BUILD)/fixtures/jemalloc_je $(BUILD)/fixtures/libplugin.so: $(BUILD)/fixtures/libje.a

# jemalloc under the names that it has when it was configured --with-jemalloc-prefix=je_.
JEMALLOC_NAMES := malloc calloc realloc free posix_memalign aligned_alloc memalign valloc mallocx rallocx \
		  xallocx sallocx dallocx sdallocx nallocx mallctl mallctlnametomib mallctlbymib \
		  malloc_stats_print malloc_usable_size malloc_message malloc_conf
$(BUILD)/fixtures/libje.a: $(FAMILIES_LIBS)/libjemalloc_pic.a
	@mkdir -p $(@D)
	$(call say,RENAME,$@)
	$(Q)objcopy $(foreach name,$(JEMALLOC_NAMES),--redefine-sym $(name)=je_$(name)) $< $@

$(BUILD)/bench/pairs: tests/bench/pairs.c
	$(call fixture)

$(BUILD)/bench/returns: tests/bench/returns.cc
	@mkdir -p $(@D)
	$(call say,TOOL,$@)
	$(Q)$(CXX) -O2 -g -std=gnu++17 $< -o $@

$(BUILD)/bench/pairs_no_fp: tests/bench/pairs.c
	$(call fixture,-O2 -fomit-frame-pointer)

# Programs of the tests and benchmarks that use seep's own rooms.
TEST_TOOLS := $(addprefix $(BUILD)/bench/,empty_probes captures render_html) \
	      $(patsubst tests/tools/%.c,$(BUILD)/tools/%,$(wildcard tests/tools/*.c))

$(BUILD)/bench/%: tests/bench/%.c $(OBJECTS)
	@mkdir -p $(@D)
	$(call say,TOOL,$@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $^ -o $@ $(LDLIBS)

$(BUILD)/bench/render_html: LDLIBS += -Wl,--wrap=seep_symbolizer_resolve

$(BUILD)/tools/%: tests/tools/%.c $(OBJECTS)
	@mkdir -p $(@D)
	$(call say,TOOL,$@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $^ -o $@ $(LDLIBS)


# --- code without CFI: a C library, assembly at each level of optimisation, another compiler --------------

UNCOVERED := $(addprefix $(BUILD)/fixtures/uncovered_,musl musl_dynamic assembly_O0 assembly_O1 assembly_O2 \
	     pascal pascal_no_frames)

$(BUILD)/fixtures/uncovered_musl: tests/fixtures/uncovered/libc.c
	@mkdir -p $(@D)
	$(call say,FIXTURE,$@)
	$(Q)musl-gcc -std=gnu11 -D_GNU_SOURCE -O2 -g -fno-builtin -static $< -o $@

$(BUILD)/fixtures/uncovered_musl_dynamic: tests/fixtures/uncovered/libc.c
	@mkdir -p $(@D)
	$(call say,FIXTURE,$@)
	$(Q)musl-gcc -std=gnu11 -D_GNU_SOURCE -O2 -g -fno-builtin $< -o $@

$(BUILD)/fixtures/uncovered_assembly_%: tests/fixtures/uncovered/assembly.c
	@mkdir -p $(@D)
	$(call say,FIXTURE,$@)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE -$* -g $< -o $@

$(BUILD)/fixtures/uncovered_pascal: tests/fixtures/uncovered/pascal.pas
	@mkdir -p $(@D)/pascal
	$(call say,FIXTURE,$@)
	$(Q)fpc -v0 -g -FU$(@D)/pascal -o$@ $< > /dev/null

$(BUILD)/fixtures/uncovered_pascal_no_frames: $(BUILD)/fixtures/uncovered_pascal
	$(call say,STRIP,$@)
	$(Q)objcopy -R .debug_frame $< $@

# --- stacks of every shape, by every compiler ----------------------------------------------------

STACKS_C       := main frames libc threads signals switches
STACKS_SOURCES := $(STACKS_C:%=tests/fixtures/stacks/%.c)
STACKS_HEADERS := tests/fixtures/stacks/stacks.h tests/fixtures/fixture.h
STACKS_FLAGS   := -D_GNU_SOURCE -g -fno-builtin-malloc -Wall -Wextra -Wshadow -pthread
RUSTC          ?= $(firstword $(wildcard /usr/bin/rustc) rustc)

# $(call stacks,name,compiler of C,compiler of C++,flags,more sources): the program stacks_NAME.
# Functions are bound at their first call, which is a stack of its own.
define stacks
STACKS += $(BUILD)/fixtures/stacks_$(1)
$(BUILD)/fixtures/stacks_$(1).o: tests/fixtures/stacks/exceptions.cc $(STACKS_HEADERS)
	@mkdir -p $$(@D)
	$(Q)$(3) -std=gnu++17 $(STACKS_FLAGS) $(4) -c $$< -o $$@
$(BUILD)/fixtures/stacks_$(1): $(STACKS_SOURCES) $(5) $(BUILD)/fixtures/stacks_$(1).o $(STACKS_HEADERS)
	$(call say,FIXTURE,$$@)
	$(Q)$(2) -std=gnu11 $(STACKS_FLAGS) $(4) -Wl,-z,lazy $$(filter %.c %.o,$$^) -o $$@ -lstdc++ -lm
endef

STACKS_DYNAMIC := tests/fixtures/stacks/steps.c tests/fixtures/stacks/libraries.c
STACKS_STATIC  := tests/fixtures/stacks/steps.c
stacks_gcc      = $(eval $(call stacks,$(1),$(CC),$(CXX),$(2),$(STACKS_DYNAMIC)))
stacks_clang    = $(eval $(call stacks,$(1),$(CLANG),$(CLANG)++,$(2) -Wno-unknown-attributes,$(STACKS_DYNAMIC)))
stacks_static   = $(eval $(call stacks,$(1),$(CC),$(CXX),$(2) -DSTACKS_NO_LIBRARIES,$(STACKS_STATIC)))

$(foreach level,O0 O1 O2 O3,$(call stacks_gcc,gcc_$(level),-$(level)))
$(foreach level,O0 O1 O2 O3,$(call stacks_clang,clang_$(level),-$(level)))
$(call stacks_gcc,omit_frame_pointer,-O0 -fomit-frame-pointer)
$(call stacks_gcc,no_pie,-O2 -fno-pie -no-pie)
$(call stacks_static,static,-O2 -static)
$(call stacks_static,static_pie,-O2 -static-pie -fPIE)

$(BUILD)/fixtures/stacks_musl: $(STACKS_SOURCES) tests/fixtures/stacks/steps.c $(STACKS_HEADERS)
	@mkdir -p $(@D)
	$(call say,FIXTURE,$@)
	$(Q)musl-gcc -std=gnu11 $(STACKS_FLAGS) -O2 -static -DSTACKS_NO_LIBRARIES -DSTACKS_NO_CXX \
		-DSTACKS_NO_UCONTEXT $(filter %.c,$^) -o $@

# Stacks that are easily called whole when they are not, and names that are easily wrong.
HONEST_HEADERS := tests/fixtures/fixture.h
HONEST := $(addprefix $(BUILD)/fixtures/honest_,gates_O0 gates_O1 gates_O2 handlers handlers_static \
	    handlers_musl handlers_musl_dynamic reloads moved moved_static pascal) \
	  $(BUILD)/fixtures/libhonest_first.so $(BUILD)/fixtures/libhonest_second.so

# $(call honest,name,source,compiler,flags)
define honest
$(BUILD)/fixtures/honest_$(1): tests/fixtures/honest/$(2).c $(HONEST_HEADERS)
	@mkdir -p $$(@D)
	$(call say,FIXTURE,$$@)
	$(Q)$(3) $(FIXTURE_CFLAGS) $(4) $$< -o $$@
endef

$(foreach level,O0 O1 O2,$(eval $(call honest,gates_$(level),gates,$(CC),-$(level) -fno-optimize-sibling-calls)))
$(eval $(call honest,handlers,handlers,$(CC),-O1))
$(eval $(call honest,handlers_static,handlers,$(CC),-O1 -static))
$(eval $(call honest,handlers_musl,handlers,musl-gcc,-O1 -static))
$(eval $(call honest,handlers_musl_dynamic,handlers,musl-gcc,-O1))
$(eval $(call honest,reloads,reloads,$(CC),-O1))
$(eval $(call honest,moved,moved,$(CC),-O1))
$(eval $(call honest,moved_static,moved,$(CC),-O1 -static))

$(BUILD)/fixtures/libhonest_first.so:  HONEST_PART := -DNAME=made_in_first -DBYTES=111
$(BUILD)/fixtures/libhonest_second.so: HONEST_PART := -DNAME=made_in_second -DBYTES=222
$(BUILD)/fixtures/libhonest_first.so $(BUILD)/fixtures/libhonest_second.so: tests/fixtures/honest/library.c
	@mkdir -p $(@D)
	$(call say,FIXTURE,$@)
	$(Q)$(CC) $(FIXTURE_CFLAGS) -O1 -fPIC -shared $(HONEST_PART) $< -o $@

$(BUILD)/fixtures/honest_pascal: tests/fixtures/honest/pascal.pas
	@mkdir -p $(@D)/pascal
	$(call say,FIXTURE,$@)
	$(Q)fpc -g -v0 -FU$(@D)/pascal -o$@ $< >/dev/null

# What the dynamic programs open at run time.
STACKS_LIBRARIES := $(addprefix $(BUILD)/fixtures/libstacks_,provider.so plugin.so lazy.so)
$(BUILD)/fixtures/libstacks_provider.so: STACKS_PART := -DPROVIDER -Wl$(,)--build-id=none
$(BUILD)/fixtures/libstacks_plugin.so:   STACKS_PART := -DPLUGIN
$(BUILD)/fixtures/libstacks_lazy.so:     STACKS_PART := -DLAZY
$(STACKS_LIBRARIES): tests/fixtures/stacks/plugin.c $(STACKS_HEADERS)
	@mkdir -p $(@D)
	$(call say,FIXTURE,$@)
	$(Q)$(CC) -std=gnu11 $(STACKS_FLAGS) -O2 -fPIC -shared $(STACKS_PART) -Wl,-z,lazy $< -o $@

$(BUILD)/fixtures/stacks_rust_O%: tests/fixtures/stacks/stacks.rs
	@mkdir -p $(@D)
	$(call say,FIXTURE,$@)
	$(Q)$(RUSTC) --edition 2021 -g -C opt-level=$* $< -o $@

STACKS += $(STACKS_LIBRARIES) $(BUILD)/fixtures/stacks_musl $(addprefix $(BUILD)/fixtures/stacks_rust_O,0 3)

include tests/torture/torture.mk

.PHONY: fixtures
fixtures: $(FIXTURES) $(UNCOVERED) $(FAMILIES) $(BUILD)/bench/pairs $(BUILD)/bench/pairs_no_fp $(TEST_TOOLS) ## build the programs that the tests trace

.PHONY: stacks
stacks: $(STACKS) $(HONEST) # one program by many compilers, for tests/root/test_unwind.py

# --- what people call ----------------------------------------------------------------------------

.PHONY: setup
setup: ## install the packages that the build and the tests need
	@tools/setup test

.PHONY: demo
demo: ## build seep and let it find a leak: report, flame graph
	@tools/setup build
	@$(MAKE) --no-print-directory all $(BUILD)/fixtures/leaky_demo
	@BUILD=$(BUILD) tools/demo

.PHONY: check
check: ## install what the tests need, build, run all tests and the lint
	@tools/setup test
	@$(MAKE) --no-print-directory all unit fixtures stacks fuzzers torture-programs
	@BUILD=$(BUILD) tools/check

.PHONY: check-unwind
check-unwind: all fixtures stacks ## compare stacks with gdb: servers, compilers, languages
	$(PYTHON) -m pytest -q -p no:cacheprovider tests/root/test_unwind.py

.PHONY: check-kernels
check-kernels: ## run the root tests on other kernels (KERNELS="6.1 newest"), in virtual machines
	@tools/setup test
	@$(MAKE) --no-print-directory all fixtures torture-programs
	@BUILD=$(BUILD) KERNELS="$(KERNELS)" tools/check kernels

.PHONY: soak
soak: all fixtures ## ten minutes of preemption, forks and execs (SOAK_SECONDS)
	SEEP_SOAK_SECONDS=$(or $(SOAK_SECONDS),600) $(PYTHON) -m pytest -q -s -p no:cacheprovider \
		tests/root/test_soak.py

.PHONY: bench
bench: all $(addprefix $(BUILD)/bench/,pairs pairs_no_fp returns calls) $(TEST_TOOLS) \
       $(BUILD)/fixtures/many_sites $(BUILD)/fixtures/preforker ## measure what tracing costs
	@BUILD=$(BUILD) tools/bench

.PHONY: install
install: all ## install below $(DESTDIR)$(PREFIX)
	install -D -m 755 $(BUILD)/seep $(DESTDIR)$(PREFIX)/bin/seep
	install -D -m 644 $(BUILD)/seep.1 $(DESTDIR)$(PREFIX)/share/man/man1/seep.1

.PHONY: uninstall
uninstall: ## remove what install has put there
	rm -f $(DESTDIR)$(PREFIX)/bin/seep $(DESTDIR)$(PREFIX)/share/man/man1/seep.1

# --- fuzzing: one program per file, what it begins with is in tests/fuzz/corpus --------------------

FUZZ_SECONDS ?= 600
FUZZERS      := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
# What reads the input of others; not what talks to the kernel or to the user.
FUZZ_SOURCES := $(filter-out $(addprefix src/,kernel/% probe/% inventory/% stack/% target/% trace/% app/%),$(SOURCES))
FUZZ_OBJECTS := $(patsubst %.c,$(BUILD)/fuzz/%.o,$(FUZZ_SOURCES)) $(BUILD)/formats/profile.pb-c.o
FUZZ_FLAGS   := -O1 -g -std=gnu11 $(WARNINGS) -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=all

$(BUILD)/fuzz/src/%.o: src/%.c | $(BUILD)/formats/profile.pb-c.h
	@mkdir -p $(@D)
	$(call say,CC-FUZZ,$<)
	$(Q)$(CLANG) $(CPPFLAGS) $(FUZZ_FLAGS) -MMD -MP -c $< -o $@

$(BUILD)/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(FUZZ_OBJECTS)
	@mkdir -p $(@D)
	$(call say,FUZZER,$<)
	$(Q)$(CLANG) $(CPPFLAGS) -Itests/unit $(FUZZ_FLAGS) -MMD -MP -MF $@.d $< $(FUZZ_OBJECTS) \
		-o $@ $(LDLIBS)

.PHONY: fuzzers
fuzzers: $(FUZZERS) ## build the fuzzers

.PHONY: fuzz
fuzz: fuzzers ## look for input that breaks the readers, FUZZ_SECONDS=600 for each
	@BUILD=$(BUILD) FUZZ_SECONDS=$(FUZZ_SECONDS) tools/check fuzz

# --- the rules of all files against libdw's; `make check` takes a sample ---------------------------

CFI_PATHS ?= /usr/lib /usr/bin /usr/sbin

.PHONY: check-cfi
check-cfi: $(BUILD)/unit/unwind/test_against_libdw ## compare the unwind rules of CFI_PATHS with libdw's
	$(Q)$< $(CFI_PATHS)

# --- how often verdicts are right: on made-up sites, 10,000 of each kind, and on programs that run ---

ACCURACY_RUNS    ?= 10000
ACCURACY_MINUTES ?= 17
ACCURACY_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard src/base/*.c src/model/*.c src/verdict/*.c))

$(BUILD)/accuracy: tests/unit/verdict/test_accuracy.c $(ACCURACY_OBJECTS)
	$(call say,TOOL,$@)
	$(Q)$(CC) $(CPPFLAGS) -Itests/unit $(CFLAGS) -MMD -MP $^ -o $@ -lcmocka $(LDLIBS)

.PHONY: accuracy
accuracy: all $(BUILD)/accuracy $(BUILD)/bench/judge ## how often verdicts are right, made up and live (ACCURACY_RUNS, ACCURACY_MINUTES)
	$(Q)SEEP_ACCURACY_RUNS=$(ACCURACY_RUNS) $(BUILD)/accuracy
	$(Q)$(BUILD)/bench/judge
	$(Q)BUILD=$(BUILD) $(PYTHON) tools/accuracy --minutes $(ACCURACY_MINUTES)

# --- lint ----------------------------------------------------------------------------------------

LINT_C     := $(shell find include src bpf tests -name '*.[ch]' -o -name '*.cc')
LINT_SHELL := $(shell grep -rIlE '^\#!.*\b(ba)?sh$$' tools .ci tests)

.PHONY: lint
lint: $(SKELETONS) $(BUILD)/formats/profile.pb-c.h $(HTML_HASHES) ## format, floors, headers, shell, clang-tidy
	$(call say,FORMAT,$(words $(LINT_C)) files)
	$(Q)$(CLANG_FORMAT) --dry-run -Werror $(LINT_C)
	$(call say,FLOORS,src bpf include)
	$(Q)tools/check-floors
	$(call say,HEADERS,src include)
	$(Q)BUILD=$(BUILD) tools/check-headers
	$(call say,NAMES,comments and documents)
	$(Q)tools/check-references
	$(call say,SHELL,$(LINT_SHELL))
	$(Q)shellcheck $(LINT_SHELL)
	$(call say,TIDY,$(words $(wildcard src/*/*.c)) files)
	$(Q)printf '%s\n' $(wildcard src/*/*.c) | \
		xargs -P "$$(nproc)" -n 1 sh -c '$(CLANG_TIDY) --quiet "$$@" -- $(TIDY_FLAGS)' clang-tidy \
		2> >(grep -v 'warnings\? generated\.$$' >&2)

TIDY_FLAGS = $(subst ','\'',$(CPPFLAGS)) -Itests/unit -std=gnu11

.PHONY: format
format: ## format the C sources in place
	$(Q)$(CLANG_FORMAT) -i $(LINT_C)

.PHONY: clean
clean: ## remove everything built
	$(Q)rm -rf $(BUILD)

.PHONY: help
help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
