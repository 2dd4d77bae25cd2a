# SPDX-License-Identifier: GPL-2.0-only
#
# Unit tests: one program per file, with all of seep but its main, sanitized.

UNIT_OBJECTS  := $(SOURCES:%.c=$(BUILD)/san/%.o) $(BUILD)/san/formats/profile.pb-c.o
UNIT          := $(wildcard tests/unit/*/test_*.c)
UNIT_PROGRAMS := $(UNIT:tests/unit/%.c=$(BUILD)/unit/%)
SANITIZE      := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

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

# The rules of all files against libdw's; `make check` takes a sample.
CFI_PATHS ?= /usr/lib /usr/bin /usr/sbin

.PHONY: check-cfi
check-cfi: $(BUILD)/unit/unwind/test_against_libdw ## compare the unwind rules of CFI_PATHS with libdw's
	$(Q)$< $(CFI_PATHS)
