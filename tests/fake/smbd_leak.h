/* SPDX-License-Identifier: Apache-2.0 */
/* For the one source file of a test program that logs on. By NTLM: gss-ntlmssp 1.2.0 loses one
 * OpenSSL library context a logon (about 6 KiB), which only the leak sanitizer minds. Its frames
 * are seen only by the slow unwinder. Everything else that leaks is still reported. */
#ifndef TESTS_FAKE_SMBD_LEAK_H
#define TESTS_FAKE_SMBD_LEAK_H

const char *__asan_default_options(void);
const char *__lsan_default_options(void);
const char *__lsan_default_suppressions(void);

const char *__asan_default_options(void)
{
	return "fast_unwind_on_malloc=0";
}

const char *__lsan_default_options(void)
{
	return "print_suppressions=0";
}

const char *__lsan_default_suppressions(void)
{
	return "leak:gssntlmssp.so";
}

/* At the program's end the libraries tear down what a thread that was left behind has used, and
 * nobody has joined that one. */
const char *__tsan_default_suppressions(void);

const char *__tsan_default_suppressions(void)
{
	return "race:libgssapi_krb5.so\nrace:libkrb5.so\nrace:libkrb5support.so\nrace:libk5crypto."
	       "so";
}

#endif
