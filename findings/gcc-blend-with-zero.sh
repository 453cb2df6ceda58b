#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# GCC 12.2.0 (Debian's 12.2.0-14+deb12u1), x86-64 with AVX2, -O2: a blend between a vector and zero by
# the result of a comparison (_mm256_blendv_ps and _mm256_cmp_ps) becomes two instructions, vpcmpgtd
# and vandnps or vandps, although the comparison has left all bits or none in each lane and the second
# alone would do. The compiler turns the blend into a selection by the sign of each lane and forgets
# where it came from. Written as an and, or an and-not, with the comparison it is one:
#
#     blend with zero: vpcmpgtd 1, and 1
#     and: vpcmpgtd 0, and 1
#
# A loop that ends in such a selection, like a kernel of bounded support, loses a tenth by it.
#
# usage: findings/gcc-blend-with-zero.sh
# Unpacks Debian 12's packages (amd64) into a temporary folder; needs apt-get.
# Exit status 0 while it behaves as said.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
apt-get download -q -o APT::Sandbox::User=root gcc-12=12.2.0-14+deb12u1 cpp-12=12.2.0-14+deb12u1 \
    libmpfr6=4.2.0-1 libmpc3=1.3.1-1 libisl23=0.25-1.1 >/dev/null
for package in ./*.deb; do
    dpkg -x "$package" root
done
cat >keep.c <<'END'
typedef float vec __attribute__((vector_size(32)));
typedef int bits __attribute__((vector_size(32)));

#ifdef BLEND
vec keep(vec a, vec b, vec x)
{
    return __builtin_ia32_blendvps256((vec){ 0 }, x, __builtin_ia32_cmpps256(a, b, 29));
}
#else
vec keep(vec a, vec b, vec x)
{
    return (vec)((bits)__builtin_ia32_cmpps256(a, b, 29) & (bits)x);
}
#endif
END
# instructions FLAG...: how many there are of each kind.
instructions()
{
    LD_LIBRARY_PATH=$tmp/root/usr/lib/x86_64-linux-gnu root/usr/bin/x86_64-linux-gnu-gcc-12 \
        -O2 -mavx2 "$@" -S keep.c -o keep.s
    echo "vpcmpgtd $(grep -c vpcmpgtd keep.s), and $(grep -cE 'vp?and' keep.s)"
}
blend=$(instructions -DBLEND)
and=$(instructions)
echo "blend with zero: $blend"
echo "and: $and"
[ "$blend" = "vpcmpgtd 1, and 1" ] && [ "$and" = "vpcmpgtd 0, and 1" ]
echo "as described"
