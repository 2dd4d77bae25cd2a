// SPDX-License-Identifier: GPL-2.0-only
#include "app/gate_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "archive/archive.h"
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "report/paths.h"

/* Far more than people write by hand; protects from a wrong file. */
#define MAX_SUPPRESSION_BYTES (1 << 20)

static int read_suppressions(struct seep_gate *gate, const char *path)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	size_t line = 0;
	int error = seep_file_read_at(AT_FDCWD, path, MAX_SUPPRESSION_BYTES, &text);

	if (error) {
		seep_error("cannot read \"%s\": %s", path, strerror(-error));
		return error;
	}
	error = seep_gate_suppress(gate, text.data, &line);
	/* The line that is wrong; other failures have no line. */
	if (error == -EINVAL)
		seep_error("\"%s\", line %zu: a suppression is leak:PATTERN", path, line);
	return error;
}

/* The sites of the last snapshot of the capture, with what was concluded. */
static int take_baseline(struct seep_gate *gate, const char *path, const struct seep_loaded *loaded)
{
	struct seep_side side = {.snapshot = &loaded->snapshot};
	SEEP_AUTO_FREE struct seep_path *paths = NULL;
	int error = seep_paths_new(&loaded->snapshot, loaded->symbolizer, &paths);

	side.paths = paths;
	if (!error)
		error = seep_gate_compare(gate, path, &side);
	if (error)
		seep_error("cannot take the baseline: %s", strerror(-error));
	return error;
}

/* The last moment of the capture: there the verdicts rest on the longest observation. */
static int read_baseline(struct seep_gate *gate, const char *path)
{
	struct seep_archive archive;
	struct seep_loaded *loaded = NULL;
	int error = seep_archive_open(path, &archive);

	if (error)
		return error;
	error = seep_archive_load(&archive, seep_archive_find(&archive, SEEP_ARCHIVE_END), &loaded);
	if (!error) {
		error = take_baseline(gate, path, loaded);
		/* The gate has copied what it needs. */
		seep_loaded_free(loaded);
	}
	seep_archive_close(&archive);
	return error;
}

/* The gate exists without any files, too: --fail-on alone needs it. */
int seep_gate_files_read(const struct seep_verdict_settings *settings, struct seep_gate **ret_gate)
{
	struct seep_gate *gate;
	int error = seep_gate_new(settings->fail_on, &gate);

	if (error)
		return error;
	seep_gate_set_at_exit(gate, settings->at_exit);
	if (settings->suppressions)
		error = read_suppressions(gate, settings->suppressions);
	if (!error && settings->baseline)
		error = read_baseline(gate, settings->baseline);
	if (error) {
		seep_gate_free(gate);
		return error;
	}
	*ret_gate = gate;
	return 0;
}
