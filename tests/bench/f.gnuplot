# SPDX-License-Identifier: GPL-2.0-or-later
# docs/performance/f.svg: milliseconds over devices
set terminal svg size 560,320 font 'sans-serif,13' background '#ffffff'
set logscale xy
set xlabel 'devices'
set ylabel 'milliseconds'
set grid
unset key
plot data . '.data' using 1:2 with linespoints lw 2 pt 7
