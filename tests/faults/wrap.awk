# SPDX-License-Identifier: GPL-2.0-or-later
#
# awk -f wrap.awk calls.txt: an assembler source with one __wrap_NAME per call that can fail, to be linked with
# -Wl,--wrap=NAME. Each asks fault_hit() in fail.c, with all its arguments left as they are, whatever their number
# and types; then it returns the failure, or goes on into the function itself.
/^#/ || !NF || $1 == "never" { next }
{
    value = $2
    if (sub(/^-E/, "E", value))
        value = "-" value
    print "WRAP(" $1 ", " n++ ", " value ")"
    names = names "NAME(\"" $1 "\", " $3 ")\n"
}
END {
    print ".section .rodata"
    print ".globl fault_names"
    print "fault_names:"
    printf "%s", names
}
