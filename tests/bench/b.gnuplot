# SPDX-License-Identifier: GPL-2.0-or-later
# docs/performance/b.svg: seconds over volumes, one line per round trip
set terminal svg size 760,420 font 'sans-serif,13' background '#ffffff'
set logscale xy 2
set format y '%g'
set xlabel 'volumes'
set ylabel 'seconds'
set key left top
set grid
delays = system('cut -d " " -f 1 ' . data . '.data | sort -nu')
series(ms) = sprintf('< grep "^%d " %s.data', ms, data)
plot for [ms in delays] series(int(ms)) using 2:3 with linespoints lw 2 pt 7 ps 0.5 title ms . ' ms, one load', \
     for [ms in delays] series(int(ms)) using 2:4 with lines dt 2 lc rgb '#999999' title (ms eq '0' ? 'one after the other' : '')
