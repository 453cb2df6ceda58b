/* SPDX-License-Identifier: Apache-2.0 */

/* Vectors of NATIVE numbers, for processors. */

#define JOIN_AGAIN(name, lanes) name##lanes
#define JOIN(name, lanes)       JOIN_AGAIN(name, lanes)

#define VECTOR             JOIN(REAL, NATIVE)
#define VECTOR_TEST        JOIN(SIGNED, NATIVE) /* of a comparison; or integers */
#define AS_VECTOR          JOIN(AS_REAL, NATIVE)
#define AS_VECTOR_WORDS    JOIN(AS_WORD, NATIVE)
#define LOAD_VECTOR(from)  JOIN(vload, NATIVE)(0, from)
#define STORE_VECTOR(x, to) JOIN(vstore, NATIVE)(x, 0, to)
#define CHOOSE(no, yes, test) ((test) ? (yes) : (no))
#define ANY(test)          any(test)
