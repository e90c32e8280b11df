/* SPDX-License-Identifier: Apache-2.0 */
/* Compares two folders by all that a backup has to bring back; knows nothing of the product's code.
 */
#ifndef FAKE_TREE_COMPARE_H
#define FAKE_TREE_COMPARE_H

#include <stdio.h>

#define TREE_COMPARE_NO_OWNERS 1U  /* restored without the right to chown */
#define TREE_COMPARE_NO_SPARSE 2U  /* allocated blocks may differ */
#define TREE_COMPARE_NO_SOCKETS 4U /* sockets on the left may be missing on the right */
#define TREE_COMPARE_NO_XATTRS 8U
#define TREE_COMPARE_NO_ROOT 16U /* metadata of the two top folders is not compared */

/* Types, bytes, modes, owners, mtimes to the nanosecond, link targets, which names are hard links
 * of each other, xattrs (ACLs among them), device numbers, and roughly that holes are still holes.
 * Prints the first differences to @out (may be NULL). Returns how many there are; 0: equal. */
unsigned tree_compare(const char *left, const char *right, unsigned flags, FILE *out);

#endif
