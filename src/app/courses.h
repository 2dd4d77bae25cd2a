/* SPDX-License-Identifier: GPL-2.0-only */
/* The courses of a capture, as the HTML report draws them. */
#ifndef SEEP_APP_COURSES_H
#define SEEP_APP_COURSES_H

#include "store/reader.h"
#include "web/html.h"

struct seep_courses;

/*
 * For the report of @loaded, up to its moment. *ret_courses belongs to the caller, and both readers must outlive
 * it; what seep_courses_html gives out is valid until it is freed. 0 or -errno.
 */
int seep_courses_new(struct seep_reader *reader, const struct seep_loaded *loaded,
		     struct seep_courses **ret_courses);
void seep_courses_free(struct seep_courses *courses);
const struct seep_html_courses *seep_courses_html(const struct seep_courses *courses);

#endif
