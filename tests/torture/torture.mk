# SPDX-License-Identifier: GPL-2.0-only
#
# The torture house: programs that throw, cancel, jump and switch while they are traced, and `make
# torture`, which runs them. Included by the Makefile.

TORTURE_DIR     := $(BUILD)/torture
TORTURE_HEADERS := tests/torture/torture.h tests/fixtures/fixture.h
TORTURE_C       := altstack cancel_async collector coroutines dispatch heap jumps leader plugins privileges \
		   processes seccomp starter text traps
TORTURE_CXX     := cancel
TORTURE_CXXFLAGS := -std=gnu++20 -D_GNU_SOURCE $(FIXTURE_FLAGS) -Wno-missing-field-initializers
TORTURE_THROWS  := throws throws_budget throws_over_malloc throws_jemalloc throws_tcmalloc throws_mimalloc \
		   throws_static throws_tcmalloc_static
TORTURE_HEAPS   := heap_asan heap_tsan heap_ubsan heap_lsan heap_static heap_musl
TORTURE         := $(addprefix $(TORTURE_DIR)/,$(TORTURE_C) $(TORTURE_CXX) $(TORTURE_THROWS) $(TORTURE_HEAPS) \
		   coroutines20 libtorture_1.so libtorture_2.so forged libforged.so libforged.forged)

$(TORTURE_C:%=$(TORTURE_DIR)/%): $(TORTURE_DIR)/%: tests/torture/%.c $(TORTURE_HEADERS)
	$(call fixture)

$(TORTURE_CXX:%=$(TORTURE_DIR)/%) $(TORTURE_DIR)/coroutines20: $(TORTURE_DIR)/%: tests/torture/%.cc $(TORTURE_HEADERS)
	@mkdir -p $(@D)
	$(call say,TORTURE,$@)
	$(Q)$(CXX) $(TORTURE_CXXFLAGS) $< -o $@

$(TORTURE_DIR)/throws_budget:          TORTURE_WITH := -DBUDGET
$(TORTURE_DIR)/throws_over_malloc:     TORTURE_WITH := -DOVER_MALLOC
$(TORTURE_DIR)/throws_jemalloc:        TORTURE_WITH := -Wl,--no-as-needed -ljemalloc
$(TORTURE_DIR)/throws_tcmalloc:        TORTURE_WITH := -Wl,--no-as-needed -ltcmalloc_minimal
$(TORTURE_DIR)/throws_mimalloc:        TORTURE_WITH := -Wl,--no-as-needed -lmimalloc
$(TORTURE_DIR)/throws_static:          TORTURE_WITH := -static
$(TORTURE_DIR)/throws_tcmalloc_static: TORTURE_WITH := -Wl,--whole-archive \
	$(FAMILIES_LIBS)/libtcmalloc_minimal.a -Wl,--no-whole-archive
$(TORTURE_THROWS:%=$(TORTURE_DIR)/%): tests/torture/throws.cc $(TORTURE_HEADERS)
	@mkdir -p $(@D)
	$(call say,TORTURE,$@)
	$(Q)$(CXX) $(TORTURE_CXXFLAGS) $< -o $@ $(TORTURE_WITH)

$(TORTURE_DIR)/heap_asan:   TORTURE_WITH := -fsanitize=address
$(TORTURE_DIR)/heap_tsan:   TORTURE_WITH := -fsanitize=thread
$(TORTURE_DIR)/heap_ubsan:  TORTURE_WITH := -fsanitize=undefined -fno-sanitize-recover=all
$(TORTURE_DIR)/heap_lsan:   TORTURE_WITH := -fsanitize=leak
$(TORTURE_DIR)/heap_static: TORTURE_WITH := -static
$(TORTURE_DIR)/heap_musl:   TORTURE_WITH := -static
$(TORTURE_DIR)/heap_musl:   CC := musl-gcc
$(TORTURE_HEAPS:%=$(TORTURE_DIR)/%): tests/torture/heap.c $(TORTURE_HEADERS)
	$(call fixture,$(TORTURE_WITH))

$(TORTURE_DIR)/libtorture_%.so: tests/torture/plugin.c
	$(call fixture,-fPIC -shared -DPLUGIN=$*)

# A library without symbols, and a debug file for it that has an allocator inside of an instruction.
$(TORTURE_DIR)/libforged.so $(TORTURE_DIR)/libforged.forged &: tests/torture/forged_library.c
	@mkdir -p $(TORTURE_DIR)
	$(call say,TORTURE,$(TORTURE_DIR)/libforged.so)
	$(Q)$(CC) $(FIXTURE_CFLAGS) -fPIC -shared -Wl,--build-id $< -o $(TORTURE_DIR)/libforged.full
	$(Q)objcopy --only-keep-debug $(TORTURE_DIR)/libforged.full $(TORTURE_DIR)/libforged.honest
	$(Q)tests/torture/forge $(TORTURE_DIR)/libforged.full $(TORTURE_DIR)/libforged.honest \
		$(TORTURE_DIR)/libforged.debug
	$(Q)objcopy --strip-all --add-gnu-debuglink=$(TORTURE_DIR)/libforged.debug \
		$(TORTURE_DIR)/libforged.full $(TORTURE_DIR)/libforged.so
	$(Q)mv $(TORTURE_DIR)/libforged.debug $(TORTURE_DIR)/libforged.forged
	$(Q)rm -f $(TORTURE_DIR)/libforged.full $(TORTURE_DIR)/libforged.honest

$(TORTURE_DIR)/forged: tests/torture/forged.c $(TORTURE_HEADERS) $(TORTURE_DIR)/libforged.so
	$(call fixture,-L$(TORTURE_DIR) -Wl$(,)-rpath$(,)'$$ORIGIN') -lforged

.PHONY: torture-programs
torture-programs: $(TORTURE)

TORTURE_ARGUMENTS ?=

.PHONY: torture
torture: all torture-programs ## an hour in the torture house (TORTURE_SECONDS, TORTURE_ARGUMENTS="--seed N")
	BUILD=$(BUILD) $(PYTHON) tests/torture/run --seconds $(or $(TORTURE_SECONDS),3600) \
		$(TORTURE_ARGUMENTS)
