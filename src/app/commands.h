/* SPDX-License-Identifier: GPL-2.0-only */
/* The commands: each takes its words (argv[0] is its name) and returns seep's exit status. */
#ifndef SEEP_APP_COMMANDS_H
#define SEEP_APP_COMMANDS_H

enum seep_exit {
	SEEP_EXIT_OK = 0,
	SEEP_EXIT_FAILED = 1,
	SEEP_EXIT_USAGE = 2,
	SEEP_EXIT_LEAK = 3,
};

int seep_command_trace(int argc, char **argv);
int seep_command_detect(int argc, char **argv);
int seep_command_report(int argc, char **argv);
int seep_command_diff(int argc, char **argv);
int seep_command_doctor(int argc, char **argv);
int seep_command_simulate(int argc, char **argv);

#endif
