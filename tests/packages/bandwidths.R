# SPDX-License-Identifier: Apache-2.0
# The rows of bandwidths.inc that R has: see make-golden.
faithful <- read.csv("../data/faithful.csv")$eruptions
mcycle <- read.csv("../data/mcycle.csv")$times
version <- as.character(getRversion())

rule <- function(call, data, rule, value) {
    cat(sprintf("    { \"stats %s: %s\", %s, 1, false, %s, ATTPOOL_GAUSSIAN, 1e-14,\n", version, call, data, rule))
    cat(sprintf("      { %.17g } },\n", value))
}

cat("#ifdef RULES\n")
rule("bw.nrd0(x)", "FAITHFUL", "ATTPOOL_RULE_SILVERMAN", bw.nrd0(faithful))
rule("bw.nrd(x)", "FAITHFUL", "ATTPOOL_RULE_SCOTT", bw.nrd(faithful))
rule("bw.nrd0(x)", "MCYCLE", "ATTPOOL_RULE_SILVERMAN", bw.nrd0(mcycle))
rule("bw.nrd(x)", "MCYCLE", "ATTPOOL_RULE_SCOTT", bw.nrd(mcycle))
cat("#endif\n")
