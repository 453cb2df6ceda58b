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

/* The first halves of two vectors, number by number in turn, and the second. */
#if NATIVE == 4
#define ZIP_LOW(a, b)  ((VECTOR)(a.s0, b.s0, a.s1, b.s1))
#define ZIP_HIGH(a, b) ((VECTOR)(a.s2, b.s2, a.s3, b.s3))
#elif NATIVE == 8
#define ZIP_LOW(a, b)  ((VECTOR)(a.s0, b.s0, a.s1, b.s1, a.s2, b.s2, a.s3, b.s3))
#define ZIP_HIGH(a, b) ((VECTOR)(a.s4, b.s4, a.s5, b.s5, a.s6, b.s6, a.s7, b.s7))
#else
#define ZIP_LOW(a, b)                                                                              \
    ((VECTOR)(a.s0, b.s0, a.s1, b.s1, a.s2, b.s2, a.s3, b.s3, a.s4, b.s4, a.s5, b.s5, a.s6, b.s6,  \
              a.s7, b.s7))
#define ZIP_HIGH(a, b)                                                                             \
    ((VECTOR)(a.s8, b.s8, a.s9, b.s9, a.sa, b.sa, a.sb, b.sb, a.sc, b.sc, a.sd, b.sd, a.se, b.se,  \
              a.sf, b.sf))
#endif
