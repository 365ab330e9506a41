/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For what wrap.awk writes. x86-64; see tests/faults/run for other machines. */
#include <asm/errno.h>

.section .note.GNU-stack, "", @progbits
.text

/* Arguments may be in six registers, eight vector registers, and on the stack; al counts the vector ones. */
fault_ask:
	push	%rdi
	push	%rsi
	push	%rdx
	push	%rcx
	push	%r8
	push	%r9
	push	%rax
	push	%r11
	sub	$136, %rsp
	movups	%xmm0, (%rsp)
	movups	%xmm1, 16(%rsp)
	movups	%xmm2, 32(%rsp)
	movups	%xmm3, 48(%rsp)
	movups	%xmm4, 64(%rsp)
	movups	%xmm5, 80(%rsp)
	movups	%xmm6, 96(%rsp)
	movups	%xmm7, 112(%rsp)
	mov	%r11, %rdi
	mov	208(%rsp), %rsi		/* where the helper's function goes on */
	mov	%rbp, %rdx
	mov	%rsp, %rax
	and	$-16, %rsp
	push	%rax
	push	%rax
	call	fault_hit
	pop	%rsp
	mov	%eax, %r10d
	movups	(%rsp), %xmm0
	movups	16(%rsp), %xmm1
	movups	32(%rsp), %xmm2
	movups	48(%rsp), %xmm3
	movups	64(%rsp), %xmm4
	movups	80(%rsp), %xmm5
	movups	96(%rsp), %xmm6
	movups	112(%rsp), %xmm7
	add	$136, %rsp
	pop	%r11
	pop	%rax
	pop	%r9
	pop	%r8
	pop	%rcx
	pop	%rdx
	pop	%rsi
	pop	%rdi
	test	%r10d, %r10d
	ret

#define WRAP(name, number, value)	\
	.globl __wrap_##name;		\
	.type __wrap_##name, @function;	\
__wrap_##name:				\
	mov	$number, %r11d;		\
	call	fault_ask;		\
	jnz	1f;			\
	jmp	__real_##name;		\
1:	mov	$value, %rax;		\
	ret;

/* struct fault_name of fail.c */
#define NAME(name, error)		\
	.ascii	name;			\
	.zero	44 - (. - fault_names) % 48;	\
	.long	error;
