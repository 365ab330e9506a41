#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The name that /etc/dracut.conf.d/hpcs-for-luks.conf asks for where the Python tool's dracut module was installed.

# called by dracut
check() {
    return 255
}

# called by dracut
depends() {
    echo cexluks
}

# called by dracut
install() {
    :
}
