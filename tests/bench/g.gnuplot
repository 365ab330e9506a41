# SPDX-License-Identifier: GPL-2.0-or-later
# docs/performance/g.svg: requests per second over time
set terminal svg size 760,380 font 'sans-serif,13' background '#ffffff'
set logscale y
set yrange [10:*]
set xlabel 'seconds after the power came back'
set ylabel 'requests in one second'
set grid
plot data . '-naive.data' using 1:2 with lines lw 2 lc rgb '#bbbbbb' title 'naive', \
     data . '-ours.data' using 1:2 with lines lw 2 title 'cexluks', \
     data . '-ours-retry-after.data' using 1:2 with lines lw 2 title 'cexluks, Retry-After: 10'
