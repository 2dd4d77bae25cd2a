// SPDX-License-Identifier: GPL-2.0-only
/* A library without symbols, whose one function has an instruction of ten bytes: see forged.c. */
unsigned long forged_mix(unsigned long value);

__attribute__((noinline)) unsigned long forged_mix(unsigned long value)
{
	unsigned long constant = 0x1122334455667788ul;

	__asm__ volatile("" : "+r"(constant));
	return constant ^ value;
}
