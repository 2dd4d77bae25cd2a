/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A Go program that says of its own calls where they are, for the tests that read the tables of Go
 * programs. It is built when a test runs.
 */
#ifndef SEEP_TESTS_GOLANG_GO_PROGRAM_H
#define SEEP_TESTS_GOLANG_GO_PROGRAM_H

#include "compile.h"
#include "elf/image.h"

/*
 * Prints a line for each call: pc, entry, the line, whether it is inlined, function and file. After
 * the last call of a stack comes a line "end". Its functions are inlined up to four deep, or not
 * at all; they are methods, closures, generic, deferred, and called by a panic.
 */
static const char go_program[] =
	"package main\n"
	"\n"
	"import (\n"
	"\t\"fmt\"\n"
	"\t\"os\"\n"
	"\t\"runtime\"\n"
	"\t\"sort\"\n"
	"\t\"strings\"\n"
	")\n"
	"\n"
	"type list struct{ values []int }\n"
	"\n"
	"func (l list) Len() int      { return len(l.values) }\n"
	"func (l list) Swap(i, j int) { l.values[i], l.values[j] = l.values[j], l.values[i] }\n"
	"func (l list) Less(i, j int) bool {\n"
	"\tif !shown {\n"
	"\t\tshown = true\n"
	"\t\tinnermost()\n"
	"\t}\n"
	"\treturn l.values[i] < l.values[j]\n"
	"}\n"
	"\n"
	"var shown bool\n"
	"\n"
	"//go:noinline\n"
	"func show(skip int) {\n"
	"\tvar pcs [64]uintptr\n"
	"\tcount := runtime.Callers(skip, pcs[:])\n"
	"\tframes := runtime.CallersFrames(pcs[:count])\n"
	"\tfor {\n"
	"\t\tframe, more := frames.Next()\n"
	"\t\tinlined := 0\n"
	"\t\tif frame.Func == nil {\n"
	"\t\t\tinlined = 1\n"
	"\t\t}\n"
	"\t\tfmt.Printf(\"%#x %#x %d %d %s %s\\n\", frame.PC, frame.Entry, frame.Line,\n"
	"\t\t\tinlined, frame.Function, frame.File)\n"
	"\t\tif !more {\n"
	"\t\t\tbreak\n"
	"\t\t}\n"
	"\t}\n"
	"\tfmt.Println(\"end\")\n"
	"}\n"
	"\n"
	"func innermost() { show(1) }\n"
	"func middle()    { innermost() }\n"
	"func outer() {\n"
	"\tif len(os.Args) > 1 {\n"
	"\t\treturn\n"
	"\t}\n"
	"\tmiddle()\n"
	"}\n"
	"\n"
	"func generic[T any](value T) T {\n"
	"\tinnermost()\n"
	"\treturn value\n"
	"}\n"
	"\n"
	"//go:noinline\n"
	"func recurse(n int, text string) string {\n"
	"\tif n == 0 {\n"
	"\t\touter()\n"
	"\t\treturn text\n"
	"\t}\n"
	"\treturn recurse(n-1, text+\"x\") + strings.Repeat(\"y\", n)\n"
	"}\n"
	"\n"
	"func main() {\n"
	"\tdone := make(chan bool)\n"
	"\touter()\n"
	"\trecurse(3, \"\")\n"
	"\tsort.Sort(list{[]int{3, 1, 2, 7, 5}})\n"
	"\tgeneric(7)\n"
	"\tgeneric(\"\")\n"
	"\tfunc() { outer() }()\n"
	"\tgo func() {\n"
	"\t\tdefer func() { done <- recover() != nil }()\n"
	"\t\tdefer outer()\n"
	"\t\tvar values []int\n"
	"\t\tvalues[len(os.Args)+5] = 1\n"
	"\t}()\n"
	"\t<-done\n"
	"}\n";

/*
 * Builds the program as @output with the options @options. Objects are kept in the build directory,
 * which is above that of the test.
 */
static inline void build_go(const char *output, const char *options)
{
	char path[PATH_MAX + 16];
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX);

	assert_in_range(length, 1, PATH_MAX - 1);
	path[length] = '\0';
	for (int i = 0; i < 3; i++) {
		char *slash = strrchr(path, '/');

		assert_non_null(slash);
		*slash = '\0';
	}
	strcat(path, "/go");
	setenv("GOCACHE", path, 1);
	setenv("GOFLAGS", "-mod=mod", 1);
	write_text("program.go", go_program);
	shell("go build %s -o %s program.go", options, output);
}

static inline struct seep_image *open_go_image(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct seep_image *image;

	assert_true(fd >= 0);
	assert_int_equal(seep_image_open(fd, &image), 0);
	close(fd);
	return image;
}

#endif
